"""Live streams of orders: history and news, over real RabbitMQ and Redis."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from discovery.config.resilience import Resilience
from gateway.live.feed import order_channel
from gateway.live.resource import LIVE
from services.chassis.envelope import new_id
from services.chassis.health import READINESS
from services.contracts.order import OrderStatus, OrderStatusChanged
from services.contracts.topology import GATEWAY_LIVE
from tests.gateway.conftest import Configure, Gateway, consuming
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer

LIFE: tuple[OrderStatus, ...] = (
    "CREATED",
    "PENDING",
    "PAID",
    "CONFIRMED",
    "PROCESSING",
    "SHIPPED",
    "DELIVERED",
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Orders:
    """The order service's word on one order, and on the bus."""

    def __init__(self, behind: Services, here: Corner, issuer: Issuer) -> None:
        self.id = new_id()
        self._behind = behind
        self._here = here
        self.headers = issuer.bearer("u1")

    def reach(self, sequence: int, reason: str | None = None) -> None:
        """The history goes up to this status."""
        entries = [
            {"sequence": number + 1, "status": status, "at": NOW.isoformat()}
            for number, status in enumerate(LIFE[:sequence])
        ]
        timeline = {"order_id": self.id, "reason": reason, "timeline": entries}
        self._behind.answer("order", f"GET /orders/{self.id}/timeline", timeline)

    async def say(self, sequence: int) -> None:
        """Tell the bus that the order entered a status."""
        changed = OrderStatusChanged(
            order_id=self.id, user_id="u1", status=LIFE[sequence - 1], sequence=sequence, at=NOW
        )
        await self._here.say(changed, times=2)

    @property
    def reads(self) -> int:
        """How often the history was read."""
        return len(self._behind.asked("order"))

    @asynccontextmanager
    async def watched(self, shop: Instance, query: str = "", **headers: str) -> AsyncIterator[ClientResponse]:
        """The stream of the order."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with shop.http.get(f"/api/v1/orders/{self.id}/events{query}", headers=sent) as response:
            yield response


@pytest.fixture
def order(behind: Services, here: Corner, issuer: Issuer) -> Orders:
    return Orders(behind, here, issuer)


async def live(shop: Instance) -> Instance:
    """The same gateway when news can come."""
    await eventually(lambda: shop.app[LIVE].feed.up)
    await consuming(shop)
    return shop


async def next_event(stream: ClientResponse) -> dict[str, Any]:
    """The next event, as its fields; comments are passed over."""
    event: dict[str, Any] = {}
    async with asyncio.timeout(8):
        async for raw in stream.content:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name in ("event", "id", "data"):
                event[name] = json.loads(value) if name == "data" else value
            elif not name and not value and event:
                return event
    return event


async def rest(stream: ClientResponse) -> list[str]:
    """The ids of all events until the stream ends."""
    ids = []
    while event := await next_event(stream):
        ids.append(event["id"])
    return ids


async def test_an_order_s_life_from_history_and_news(gateway: Gateway, order: Orders) -> None:
    shop = await live(await gateway())
    order.reach(2)
    async with order.watched(shop, x_correlation_id="mine") as stream:
        assert (stream.status, stream.content_type) == (200, "text/event-stream")
        assert stream.headers["x-correlation-id"] == "mine"
        assert stream.headers["traceparent"]
        assert (await next_event(stream))["id"] == "1"
        assert (await next_event(stream))["id"] == "2"
        await order.say(3)
        assert await next_event(stream) == {
            "event": "order.status",
            "id": "3",
            "data": {
                "order_id": order.id,
                "status": "PAID",
                "sequence": 3,
                "at": "2026-01-01T00:00:00Z",
                "reason": None,
            },
        }
        assert order.reads == 1
        await order.say(4)
        assert await rest(stream) == ["4"]


async def test_news_reaches_every_replica(gateway: Gateway, order: Orders) -> None:
    first, second = await live(await gateway()), await live(await gateway())
    order.reach(3)
    async with order.watched(first) as one, order.watched(second) as other:
        for stream in (one, other):
            assert [(await next_event(stream))["id"] for _ in range(3)] == ["1", "2", "3"]
        await order.say(4)
        assert await rest(one) == await rest(other) == ["4"]


async def test_news_behind_a_gap_brings_the_history(gateway: Gateway, order: Orders) -> None:
    shop = await live(await gateway())
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        order.reach(4)
        await order.say(4)
        assert await rest(stream) == ["2", "3", "4"]


async def test_a_stream_resumes_and_does_not_outlive_its_order(gateway: Gateway, order: Orders) -> None:
    shop = await gateway()
    order.reach(5)
    async with order.watched(shop, Last_Event_ID="2") as stream:
        assert await rest(stream) == ["3", "4"]
    for seen in ("4", "5", "99"):
        async with order.watched(shop, Last_Event_ID=seen) as stream:
            assert (stream.status, await stream.read()) == (204, b"")


async def test_following_goes_on_to_the_door(gateway: Gateway, order: Orders) -> None:
    shop = await gateway()
    order.reach(7)
    async with order.watched(shop, "?follow=true") as stream:
        assert await rest(stream) == [str(number) for number in range(1, 8)]
    async with order.watched(shop, "?follow=true", Last_Event_ID="7") as stream:
        assert stream.status == 204


@pytest.mark.parametrize("seen", ["x", "-1", "1.5", "", "9999999999", "٣"])
async def test_what_is_no_event_s_id_is_refused(gateway: Gateway, order: Orders, seen: str) -> None:
    shop = await gateway()
    order.reach(1)
    async with order.watched(shop, Last_Event_ID=seen) as response:
        assert response.status == 422
        assert (await response.json())["errors"][0]["field"] == "Last-Event-ID"


async def test_there_is_no_stream_of_somebody_else_s_order(gateway: Gateway, order: Orders) -> None:
    shop = await gateway()
    async with order.watched(shop) as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
    async with order.watched(shop, "?follow=perhaps") as response:
        assert response.status == 422
    async with shop.http.get(f"/api/v1/orders/{order.id}/events") as response:
        assert response.status == 401


async def test_when_redis_was_lost_the_history_is_read_again(
    here: Corner, gateway: Gateway, order: Orders
) -> None:
    shop = await live(await gateway())
    order.reach(1)
    async with order.watched(shop) as stream, Redis.from_url(redis_url(here)) as redis:
        assert (await next_event(stream))["id"] == "1"
        order.reach(3)
        await redis.client_kill_filter(_type="pubsub")
        assert (await next_event(stream))["id"] == "2"
        assert (await next_event(stream))["id"] == "3"
        await live(shop)
        reads = order.reads
        await order.say(4)
        assert await rest(stream) == ["4"]
        assert order.reads == reads


async def test_without_redis_the_history_is_read_again_and_again(gateway: Gateway, order: Orders) -> None:
    shop = await gateway(redis_url="redis://127.0.0.1:1/0", stream_poll_seconds=0.05)
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        order.reach(4)
        assert await rest(stream) == ["2", "3", "4"]


async def test_a_heartbeat_finds_what_publishing_forgot(gateway: Gateway, order: Orders) -> None:
    shop = await live(await gateway(stream_heartbeat_seconds=0.1))
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        assert (await stream.content.readline()).startswith(b":")
        order.reach(4)
        assert await rest(stream) == ["2", "3", "4"]


async def test_junk_on_a_channel_is_survived(here: Corner, gateway: Gateway, order: Orders) -> None:
    shop = await live(await gateway())
    order.reach(3)
    async with order.watched(shop) as stream, Redis.from_url(redis_url(here)) as redis:
        assert [(await next_event(stream))["id"] for _ in range(3)] == ["1", "2", "3"]
        await redis.publish(order_channel(order.id), b"junk")
        await order.say(4)
        assert await rest(stream) == ["4"]


async def test_a_history_that_cannot_be_read_now_is_read_later(
    gateway: Gateway, configure: Configure, behind: Services, order: Orders
) -> None:
    await configure(Resilience, breaker_failures=99)
    shop = await gateway(redis_url="redis://127.0.0.1:1/0", stream_poll_seconds=0.05)
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        behind.refuse("order", f"GET /orders/{order.id}/timeline", 503, "busy")
        reads = order.reads
        await eventually(lambda: order.reads > reads + 2)
        order.reach(4)
        assert await rest(stream) == ["2", "3", "4"]


async def test_a_stream_ends_when_its_reader_may_see_no_more(
    gateway: Gateway, behind: Services, order: Orders
) -> None:
    shop = await gateway(stream_poll_seconds=0.05, stream_heartbeat_seconds=0.05)
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        behind.refuse("order", f"GET /orders/{order.id}/timeline", 401, "unauthenticated")
        assert await rest(stream) == []


async def test_streams_are_bounded(gateway: Gateway, order: Orders) -> None:
    shop = await gateway(max_streams=1, stream_heartbeat_seconds=0.05, stream_poll_seconds=0.05)
    order.reach(1)
    async with order.watched(shop) as stream:
        assert stream.status == 200
        async with order.watched(shop) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "2")

    async def free_again() -> bool:
        async with order.watched(shop) as stream:
            return stream.status == 200

    await eventually(free_again)


async def test_a_client_that_does_not_read_is_let_go(
    gateway: Gateway, behind: Services, order: Orders, issuer: Issuer
) -> None:
    shop = await gateway(max_streams=1, stream_write_seconds=0.2)
    entries = [{"sequence": n + 1, "status": "PENDING", "at": NOW.isoformat()} for n in range(80_000)]
    timeline = {"order_id": order.id, "reason": None, "timeline": entries}
    behind.answer("order", f"GET /orders/{order.id}/timeline", timeline)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", shop.port))
        bearer = order.headers["Authorization"]
        request = (
            f"GET /api/v1/orders/{order.id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n\r\n"
        )
        await loop.sock_sendall(client, request.encode())
        await eventually(lambda: order.reads)
        order.reach(4)

        async def free_again() -> bool:
            async with order.watched(shop) as stream:
                return stream.status == 200

        await eventually(free_again)


async def test_streams_end_cleanly_when_the_gateway_drains(gateway: Gateway, order: Orders) -> None:
    shop = await live(await gateway())
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        await shop.app.shutdown()
        assert await rest(stream) == []
    async with order.watched(shop) as refused:
        assert refused.status == 503


async def test_a_gateway_serves_without_rabbitmq(gateway: Gateway, behind: Services) -> None:
    shop = await gateway(amqp_url="amqp://guest:guest@127.0.0.1:1/")
    behind.answer("product", "GET /categories", {"items": []})
    async with shop.http.get("/api/v1/categories") as response:
        assert response.status == 200
    await shop.app[READINESS].refresh()
    assert shop.app[READINESS].ready
    assert not shop.app[READINESS].report()["checks"]["rabbitmq"]["ok"]


async def test_news_is_dropped_and_not_kept_when_redis_is_missing(
    here: Corner, gateway: Gateway, order: Orders
) -> None:
    shop = await gateway(redis_url="redis://127.0.0.1:1/0")
    await consuming(shop)
    await order.say(1)

    async def empty() -> bool:
        return await here.depth(GATEWAY_LIVE.name) == 0

    await eventually(empty)
    letters = await here.dead_letters("gateway")
    assert letters.waiting == 0


def redis_url(here: Corner) -> str:
    return f"redis://{here.layout.address('redis')}/0"


async def test_who_asks_for_the_headers_alone_holds_no_stream(shop: Instance, order: Orders) -> None:
    order.reach(2)
    url = f"http://127.0.0.1:{shop.port}"
    async with ClientSession(url, connector=TCPConnector(limit=1), timeout=ClientTimeout(total=3)) as http:
        async with http.head(f"/api/v1/orders/{order.id}/events", headers=order.headers) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
        async with http.get("/livez") as response:
            assert response.status == 200
    assert REGISTRY.get_sample_value("portico_live_streams") == 0
