"""Those who hold a WebSocket: which may, how many at once, and how the slow, silent or talkative are parted with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web

from discovery.config.edge import Edge
from services.chassis.clock import utcnow
from services.chassis.pagination import encode_cursor
from services.order.documents import CHANGES_KEPT
from services.order.schemas import ChangesPosition
from tests.follower import LIVE
from tests.gateway.conftest import Configure, Gateway
from tests.gateway.live.conftest import live
from tests.gateway.live.sockets import Orders, closed, message, ready, refused, watching
from tests.gateway.services import Services
from tests.parts import eventually


async def test_a_client_that_does_not_read_is_told_so_and_goes_on(
    gateway: Gateway, behind: Services, orders: Orders
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
        self._asked = self._known = self._looks = 0
        behind.handle("order", "GET /orders/changes", self._answer)

    def asked_no_more(self) -> bool:
        """Whether it was asked, and then no more for a while."""
        self._looks = self._looks + 1 if self._asked == self._known else 0
        self._known = self._asked
        return self._asked > 0 and self._looks > 60

    async def _answer(self, request: web.Request) -> web.Response:
        self._asked += 1
        after = int(request.query["cursor"])
        change = {"order_id": "o" * 2000, "status": "PAID", "sequence": 3, "at": "2026-01-01T00:00:00Z"}
        items = [{"cursor": f"{number}", **change} for number in range(after + 1, after + 101)]
        return web.json_response({"items": items, "cursor": f"{after + 100}", "more": True})


async def test_a_client_that_does_not_answer_is_let_go(gateway: Gateway, orders: Orders) -> None:
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
    gateway: Gateway, orders: Orders, say: Callable[[ClientWebSocketResponse], Any], code: int
) -> None:
    shop = await gateway()
    async with watching(shop, orders.headers()) as socket:
        await ready(socket)
        await say(socket)
        assert await closed(socket) == code


async def test_pings_are_answered_but_not_without_end(gateway: Gateway, orders: Orders) -> None:
    shop = await gateway()
    async with watching(shop, orders.headers(), autoping=False) as socket:
        await ready(socket)
        await socket.ping(b"there?")
        answer = await socket.receive(timeout=5)
        assert (answer.type, answer.data) == (WSMsgType.PONG, b"there?")
        for _ in range(150):
            await socket.ping()
        assert await closed(socket) == 1008


async def test_it_lives_no_longer_than_its_access_token(gateway: Gateway, orders: Orders) -> None:
    shop = await live(await gateway(stream_heartbeat_seconds=0.1))
    headers = orders.headers(exp=datetime.now(UTC) + timedelta(seconds=3))
    async with watching(shop, headers) as socket:
        cursor = await ready(socket)
        assert await closed(socket) == 4401
    order_id = await orders.order()
    async with watching(shop, orders.headers(), cursor) as socket:
        assert (await message(socket))["data"]["order_id"] == order_id


async def test_a_cursor_that_is_no_good_is_said_so(gateway: Gateway, orders: Orders) -> None:
    shop = await gateway()
    old = ChangesPosition(user_id="u1", number=0, seen_at=int((utcnow() - CHANGES_KEPT).timestamp()))
    foreign = old.model_copy(update={"user_id": "u2"})
    for cursor, code in ((encode_cursor(old), 4409), (encode_cursor(foreign), 4422), ("x", 4422)):
        async with watching(shop, orders.headers(), cursor) as socket:
            assert await closed(socket) == code


async def test_places_are_bounded_and_given_back(gateway: Gateway, orders: Orders) -> None:
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
    gateway: Gateway, configure: Configure, orders: Orders
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


async def test_who_asks_for_no_websocket_gets_none(gateway: Gateway, orders: Orders) -> None:
    shop = await gateway()
    assert await refused(shop, {}) == 401
    async with shop.http.get(LIVE, headers=orders.headers()) as response:
        assert (response.status, response.content_type) == (400, "application/problem+json")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    async with shop.http.head(LIVE, headers={**orders.headers(), **upgrade}) as response:
        assert response.status == 400
    async with shop.http.get(f"{LIVE}?since=1", headers=orders.headers()) as response:
        assert response.status == 422
