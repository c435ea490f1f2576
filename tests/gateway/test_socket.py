"""The WebSocket of everything that is somebody's: over the real order service, RabbitMQ and Redis, on several gateways.

Nothing is missed and nothing comes twice, whoever is killed, restarted, slow or away meanwhile.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from redis.asyncio import Redis

from discovery.config.edge import Edge
from discovery.config.resilience import Resilience
from gateway.live.resource import LIVE as SHARED
from gateway.settings import Settings
from services.chassis.clock import utcnow
from services.chassis.pagination import encode_cursor
from services.contracts.inventory import StockReserved
from services.contracts.topology import INVENTORY_COMMANDS, PAYMENT_COMMANDS
from services.order import app as order_app
from services.order.documents import CHANGES_KEPT
from services.order.schemas import ChangesPosition
from services.order.settings import Settings as OrderSettings
from tests.conftest import Start
from tests.follower import LIVE, following
from tests.gateway.conftest import Configure, Gateway, consuming
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.processes import instances
from tests.services.order.world import ADDRESS, press
from tests.tokens import Issuer

Told = tuple[str, int]


class Shop:
    """The order service behind the gateways, and customers who order there."""

    def __init__(self, here: Corner, service: Instance, issuer: Issuer) -> None:
        self.service = service
        self._here = here
        self._issuer = issuer
        self.ids: list[str] = []

    def headers(self, user: str = "u1", **claims: Any) -> dict[str, str]:
        return self._issuer.bearer(user, **claims)

    async def order(self, user: str = "u1") -> str:
        """Place an order, which becomes CREATED."""
        body = {
            "items": [{"sku": "press", "quantity": 1}],
            "shipping_address": ADDRESS,
            "payment_method": {"provider": "sandbox", "token": "tok_approve"},
        }
        headers = {**self.headers(user), "Idempotency-Key": uuid4().hex}
        async with self.service.http.post("/orders", json=body, headers=headers) as response:
            assert response.status == 202
            self.ids.append((await response.json())["order_id"])
        return self.ids[-1]

    async def reserve(self, order_id: str) -> None:
        """Let it become PENDING."""
        await self._here.say(StockReserved(order_id=order_id))

    async def shopping(self, number: int) -> list[Told]:
        """So many orders one after the other, each of which becomes PENDING some time; what there is to be told."""
        ids = [await self.order() for _ in range(number)]
        await asyncio.gather(*(self.reserve(order_id) for order_id in ids))
        return [(order_id, sequence) for order_id in ids for sequence in (1, 2)]


@pytest.fixture
async def orders(here: Corner, start: Start, behind: Services, issuer: Issuer) -> Shop:
    service = await start(order_app.make_app(here.settings(OrderSettings)))
    behind.real["order"] = service.http
    await here.say(press())
    await eventually(lambda: here.db("order").catalogue.find_one({"_id": "press"}))
    for queue in (INVENTORY_COMMANDS, PAYMENT_COMMANDS):
        await here.listen(queue)
    return Shop(here, service, issuer)


async def live(shop: Instance) -> Instance:
    """The same gateway when news can come."""
    await eventually(lambda: shop.app[SHARED].feed.up)
    await consuming(shop)
    return shop


@asynccontextmanager
async def watching(
    shop: Instance, headers: dict[str, str], cursor: str = "", **options: Any
) -> AsyncIterator[ClientWebSocketResponse]:
    """A socket."""
    parameters = {"cursor": cursor} if cursor else {}
    async with shop.http.ws_connect(LIVE, headers=headers, params=parameters, **options) as socket:
        yield socket


async def message(socket: ClientWebSocketResponse) -> dict[str, Any]:
    """The next message."""
    found: dict[str, Any] = await socket.receive_json(timeout=10)
    return found


async def ready(socket: ClientWebSocketResponse) -> str:
    """The cursor of now."""
    first = await message(socket)
    assert (first["type"], first["data"]) == ("ready", None)
    return str(first["cursor"])


async def closed(socket: ClientWebSocketResponse) -> int | None:
    """With which code the other side closes, whatever it says before."""
    async with asyncio.timeout(10):
        while (await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR):
            pass
    return socket.close_code


async def refused(shop: Instance, headers: dict[str, str]) -> int:
    """With which status a handshake is refused."""
    with pytest.raises(WSServerHandshakeError) as caught:
        async with watching(shop, headers):
            pass
    return caught.value.status


async def test_an_order_s_life_on_a_socket(gateway: Gateway, orders: Shop) -> None:
    shop = await live(await gateway())
    async with watching(shop, {**orders.headers(), "X-Correlation-Id": "mine"}) as socket:
        assert socket._response.headers["x-correlation-id"] == "mine"
        cursor = await ready(socket)
        order_id = await orders.order()
        created = await message(socket)
        at = created["data"].pop("at")
        assert datetime.fromisoformat(at) <= utcnow()
        assert created["type"] == "order.status"
        assert created["data"] == {"order_id": order_id, "status": "CREATED", "sequence": 1, "reason": None}
        await orders.order("somebody else")
        await orders.reserve(order_id)
        pending = await message(socket)
        assert (pending["data"]["status"], pending["data"]["sequence"]) == ("PENDING", 2)
    for behind, sequences in ((cursor, [1, 2]), (created["cursor"], [2]), (pending["cursor"], [])):
        async with watching(shop, orders.headers(), behind) as socket:
            told = [(await message(socket))["data"] for _ in sequences]
            assert [one["sequence"] for one in told] == sequences
            await ready(socket)


async def test_two_sockets_of_one_user_on_two_gateways_see_the_same(gateway: Gateway, orders: Shop) -> None:
    one, other = await live(await gateway()), await live(await gateway())
    async with AsyncExitStack() as stack:
        followers = [
            await stack.enter_async_context(following([shop.http], orders.headers))
            for shop in (one, other, one)
        ]
        told = await orders.shopping(5)
        seen = [await follower.sees(len(told)) for follower in followers]
    assert seen[0] == seen[1] == seen[2]
    assert sorted(seen[0]) == sorted(told)


async def test_gateways_are_killed_and_restarted_and_nothing_is_missed_or_comes_twice(
    here: Corner, behind: Services, orders: Shop, issuer: Issuer, tmp_path: Path
) -> None:
    await here.store("jwks", issuer.jwks)
    ports = [here.layout.port("xds") + number for number in (1, 2)]
    async with AsyncExitStack() as stack:
        gateways = [
            await stack.enter_async_context(
                instances(
                    here.settings(Settings, egress_url=behind.url, port=port),
                    1,
                    tmp_path / f"{port}",
                    "gateway",
                )
            )
            for port in ports
        ]
        clients = [
            await stack.enter_async_context(ClientSession(f"http://127.0.0.1:{port}")) for port in ports
        ]
        follower = await stack.enter_async_context(following(clients, orders.headers))
        told = await orders.shopping(5)
        shopping = asyncio.create_task(orders.shopping(40))
        for supervisor in gateways:
            # It is where it is killed: at the first gateway, then at the second.
            sent_away = len(follower.codes)
            supervisor.kill("gateway-1")
            await eventually(lambda: len(follower.codes) > sent_away and follower.ready)  # noqa: B023
            await supervisor.ready("gateway-1")
        told += await shopping
        seen = list(await follower.sees(len(told)))
        told += await orders.shopping(1)
        seen = await follower.sees(len(told))
    assert sorted(seen) == sorted(told)
    by_order = {order_id: [n for id_, n in seen if id_ == order_id] for order_id, _ in told}
    assert all(sequences == [1, 2] for sequences in by_order.values())
    assert set(follower.codes) == {1006}


async def test_redis_is_lost_and_nothing_is_missed_or_comes_twice(
    here: Corner, gateway: Gateway, orders: Shop
) -> None:
    shops = [await live(await gateway()) for _ in range(2)]
    url = f"redis://{here.layout.address('redis')}/0"
    async with (
        following([shop.http for shop in shops], orders.headers) as follower,
        Redis.from_url(url) as redis,
    ):
        shopping = asyncio.create_task(orders.shopping(30))
        for number in (5, 20):
            await follower.sees(number)
            await redis.client_kill_filter(_type="pubsub")
        told = await shopping
        seen = await follower.sees(len(told))
        told += await orders.shopping(1)
        assert sorted(await follower.sees(len(told))) == sorted(told)
    assert len(seen) == len(set(seen))


async def test_without_redis_it_looks_by_itself(gateway: Gateway, orders: Shop) -> None:
    shop = await gateway(redis_url="redis://127.0.0.1:1/0", stream_poll_seconds=0.05)
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)
        order_id = await orders.order()
        assert (await message(socket))["data"]["order_id"] == order_id


async def test_what_cannot_be_read_now_is_read_later(
    gateway: Gateway, configure: Configure, behind: Services, orders: Shop
) -> None:
    await configure(Resilience, breaker_failures=99)
    shop = await live(await gateway(stream_poll_seconds=0.05))
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)
        behind.refuse("order", "GET /orders/changes", 503, "busy")
        told = await orders.shopping(2)
        reads = len(behind.asked("order"))
        await eventually(lambda: len(behind.asked("order")) > reads + 2)
        del behind.answers["order", "GET", "/orders/changes"]
        seen = [(await message(socket))["data"] for _ in told]
        assert sorted((one["order_id"], one["sequence"]) for one in seen) == sorted(told)


async def test_a_draining_gateway_sends_its_clients_to_another(gateway: Gateway, orders: Shop) -> None:
    one, other = await live(await gateway()), await live(await gateway())
    async with following([one.http, other.http], orders.headers) as follower:
        told = await orders.shopping(2)
        await follower.sees(len(told))
        await one.app.shutdown()
        await eventually(lambda: follower.codes == [1012] and follower.ready)
        told += await orders.shopping(2)
        assert sorted(await follower.sees(len(told))) == sorted(told)
    assert await refused(one, orders.headers()) == 503


async def test_a_client_that_does_not_read_is_told_so_and_goes_on(
    gateway: Gateway, behind: Services, orders: Shop
) -> None:
    shop = await live(await gateway(stream_write_seconds=0.3))
    endless = _Endless(behind)
    async with watching(shop, orders.headers(), cursor="0") as socket:
        # Unread, what is sent fills every buffer on the way.
        await eventually(lambda: endless.asked_no_more())
        seen = []
        async for one in socket:
            seen.append(int(one.json()["cursor"]))
        assert socket.close_code == 4408
    assert seen == list(range(1, len(seen) + 1))
    async with watching(shop, orders.headers(), cursor=f"{seen[-1]}") as socket:
        assert int((await message(socket))["cursor"]) == seen[-1] + 1


class _Endless:
    """An order service to which something always happens, with numbers for cursors."""

    def __init__(self, behind: Services) -> None:
        self._asked_at = math.inf
        behind.handle("order", "GET /orders/changes", self._answer)

    def asked_no_more(self) -> bool:
        """Whether it was asked, and then no more for a while."""
        return asyncio.get_running_loop().time() - self._asked_at > 0.6

    async def _answer(self, request: web.Request) -> web.Response:
        self._asked_at = asyncio.get_running_loop().time()
        after = int(request.query["cursor"])
        change = {"order_id": "o" * 2000, "status": "PAID", "sequence": 3, "at": "2026-01-01T00:00:00Z"}
        items = [{"cursor": f"{number}", **change} for number in range(after + 1, after + 101)]
        return web.json_response({"items": items, "cursor": f"{after + 100}", "more": True})


async def test_a_client_that_does_not_answer_is_let_go(gateway: Gateway, orders: Shop) -> None:
    shop = await live(await gateway(stream_heartbeat_seconds=0.5, max_streams=1))
    async with watching(shop, orders.headers(), autoping=False) as socket:
        await ready(socket)
        assert (await socket.receive(timeout=5)).type is WSMsgType.PING
        await socket.pong()
        assert (await socket.receive(timeout=5)).type is WSMsgType.PING
        assert await closed(socket) == 4408
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)


@pytest.mark.parametrize(
    ("say", "code"),
    [
        (lambda socket: socket.send_str("{}"), 1003),
        (lambda socket: socket.send_bytes(b"x"), 1003),
        (lambda socket: socket.send_str("x" * 2000), 1009),
    ],
)
async def test_nothing_is_taken_from_a_client(
    gateway: Gateway, orders: Shop, say: Callable[[ClientWebSocketResponse], Any], code: int
) -> None:
    shop = await gateway()
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)
        await say(socket)
        assert await closed(socket) == code


async def test_pings_are_answered_but_not_without_end(gateway: Gateway, orders: Shop) -> None:
    shop = await gateway()
    async with watching(shop, orders.headers(), autoping=False) as socket:
        await ready(socket)
        await socket.ping(b"there?")
        answer = await socket.receive(timeout=5)
        assert (answer.type, answer.data) == (WSMsgType.PONG, b"there?")
        for _ in range(150):
            await socket.ping()
        assert await closed(socket) == 1008


async def test_it_lives_no_longer_than_its_access_token(gateway: Gateway, orders: Shop) -> None:
    shop = await live(await gateway(stream_heartbeat_seconds=0.1))
    headers = orders.headers(exp=datetime.now(UTC) + timedelta(seconds=3))
    async with watching(shop, headers) as socket:
        cursor = await ready(socket)
        assert await closed(socket) == 4401
    order_id = await orders.order()
    async with watching(shop, orders.headers(), cursor) as socket:
        assert (await message(socket))["data"]["order_id"] == order_id


async def test_a_cursor_that_is_no_good_is_said_so(gateway: Gateway, orders: Shop) -> None:
    shop = await gateway()
    old = ChangesPosition(user_id="u1", number=0, seen_at=int((utcnow() - CHANGES_KEPT).timestamp()))
    foreign = old.model_copy(update={"user_id": "u2"})
    for cursor, code in ((encode_cursor(old), 4409), (encode_cursor(foreign), 4422), ("x", 4422)):
        async with watching(shop, orders.headers(), cursor) as socket:
            assert await closed(socket) == code


async def test_places_are_bounded_and_given_back(gateway: Gateway, orders: Shop) -> None:
    shop = await gateway(max_streams=2, max_streams_of_one=1)
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)
        assert await refused(shop, orders.headers()) == 429
        async with watching(shop, orders.headers("u2")) as other:
            await ready(other)
            assert await refused(shop, orders.headers("u3")) == 503
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)


async def test_only_pages_that_may_call_the_api_may_watch(
    gateway: Gateway, configure: Configure, orders: Shop
) -> None:
    shop = await gateway()
    mine, theirs = f"http://127.0.0.1:{shop.port}", "https://shop.example.com"
    for origin in (theirs, "null", f"https://127.0.0.1:{shop.port}", "http://127.0.0.1"):
        assert await refused(shop, {**orders.headers(), "Origin": origin}) == 403
    async with watching(shop, {**orders.headers(), "Origin": mine}) as socket:
        await ready(socket)
    await configure(Edge, cors_origins=["https://*.example.com"])
    async with watching(shop, {**orders.headers(), "Origin": theirs}) as socket:
        await ready(socket)
    assert await refused(shop, {**orders.headers(), "Origin": "https://example.com"}) == 403


async def test_who_asks_for_no_websocket_gets_none(gateway: Gateway, orders: Shop) -> None:
    shop = await gateway()
    assert await refused(shop, {}) == 401
    async with shop.http.get(LIVE, headers=orders.headers()) as response:
        assert (response.status, response.content_type) == (400, "application/problem+json")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    async with shop.http.head(LIVE, headers={**orders.headers(), **upgrade}) as response:
        assert response.status == 400
    async with shop.http.get(f"{LIVE}?since=1", headers=orders.headers()) as response:
        assert response.status == 422
