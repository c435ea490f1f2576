"""Those who follow an order: which may, how many at once, and how they part."""

import asyncio
import socket

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from prometheus_client import REGISTRY

from tests.gateway.conftest import Gateway
from tests.gateway.live.conftest import live
from tests.gateway.live.events import NOW, Order, next_event, rest
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import eventually
from tests.tokens import Issuer


@pytest.mark.parametrize("seen", ["x", "-1", "1.5", "", "9999999999", "٣"])
async def test_what_is_no_event_s_id_is_refused(gateway: Gateway, order: Order, seen: str) -> None:
    shop = await gateway()
    order.reach(1)
    async with order.watched(shop, Last_Event_ID=seen) as response:
        assert response.status == 422
        assert (await response.json())["errors"][0]["field"] == "Last-Event-ID"


async def test_there_is_no_stream_of_somebody_else_s_order(gateway: Gateway, order: Order) -> None:
    shop = await gateway()
    async with order.watched(shop) as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
    async with order.watched(shop, "?follow=perhaps") as response:
        assert response.status == 422
    async with shop.http.get(f"/api/v1/orders/{order.id}/events") as response:
        assert response.status == 401


async def test_a_stream_ends_when_its_reader_may_see_no_more(
    gateway: Gateway, behind: Services, order: Order
) -> None:
    shop = await gateway(stream_poll_seconds=0.05, stream_heartbeat_seconds=0.05)
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        behind.refuse("order", f"GET /orders/{order.id}/timeline", 401, "unauthenticated")
        assert await rest(stream) == []


async def test_streams_are_bounded(gateway: Gateway, order: Order) -> None:
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
    gateway: Gateway, behind: Services, order: Order, issuer: Issuer
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


async def test_streams_end_cleanly_when_the_gateway_drains(gateway: Gateway, order: Order) -> None:
    shop = await live(await gateway())
    order.reach(1)
    async with order.watched(shop) as stream:
        assert (await next_event(stream))["id"] == "1"
        await shop.app.shutdown()
        assert await rest(stream) == []
    async with order.watched(shop) as refused:
        assert refused.status == 503


async def test_who_asks_for_the_headers_alone_holds_no_stream(shop: Instance, order: Order) -> None:
    order.reach(2)
    url = f"http://127.0.0.1:{shop.port}"
    async with ClientSession(url, connector=TCPConnector(limit=1), timeout=ClientTimeout(total=3)) as http:
        async with http.head(f"/api/v1/orders/{order.id}/events", headers=order.headers) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
        async with http.get("/livez") as response:
            assert response.status == 200
    assert REGISTRY.get_sample_value("portico_live_streams") == 0
