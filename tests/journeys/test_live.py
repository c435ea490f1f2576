"""Live updates through Envoy: all that happens to somebody's orders, each once, whatever becomes of the gateways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from scripts.layout import Layout
from scripts.supervisor import Supervisor
from tests.follower import LIVE, following
from tests.journeys.shop import Shop, User
from tests.otlp import OtlpReceiver
from tests.parts import eventually


@pytest.fixture
async def gateways(platform: Supervisor) -> AsyncIterator[tuple[str, str]]:
    """Two gateways, by name."""
    await platform.scale("gateway", 2)
    yield "gateway-1", "gateway-2"
    await platform.scale("gateway", 1)


async def test_a_websocket_opened_with_a_ticket_shows_an_order_to_its_confirmation(
    store: Shop, layout: Layout, traces: OtlpReceiver
) -> None:
    sku, customer = await store.product(stock=5), await store.customer()
    ticket = (await customer.call("POST", f"{LIVE}/tickets")).body["ticket"]
    async with store.http.ws_connect(LIVE, params={"ticket": ticket}) as socket:
        trace_id = socket._response.headers["traceparent"].split("-")[1]
        assert (await socket.receive_json(timeout=10))["type"] == "ready"
        order_id = await customer.order(sku)
        told = [(await socket.receive_json(timeout=10))["data"] for _ in range(4)]
    assert [(one["order_id"], one["sequence"], one["status"]) for one in told] == [
        (order_id, 1, "CREATED"),
        (order_id, 2, "PENDING"),
        (order_id, 3, "PAID"),
        (order_id, 4, "CONFIRMED"),
    ]
    order = await customer.get(f"/api/v1/orders/{order_id}")
    assert [one["at"] for one in told] == [entry["at"] for entry in order["timeline"]]
    await eventually(lambda: {"gateway", "envoy-edge"} <= traces.services(trace_id))
    assert not any(ticket in str(span) for spans in traces.spans.values() for _, span in spans)
    assert not any(ticket in log.read_text(errors="replace") for log in layout.logs.glob("*.log"))


async def test_an_event_stream_opens_with_a_ticket(store: Shop) -> None:
    sku, customer = await store.product(stock=5), await store.customer()
    order_id = await customer.order(sku)
    ticket = (await customer.call("POST", f"{LIVE}/tickets")).body["ticket"]
    seen = await store.anyone.follow(order_id, query=f"?ticket={ticket}")
    assert [event.data["status"] for event in seen] == ["CREATED", "PENDING", "PAID", "CONFIRMED"]
    again = await store.anyone.call("GET", f"/api/v1/orders/{order_id}/events?ticket={ticket}")
    assert again.status == 401


async def test_gateways_and_redis_are_killed_and_restarted_and_nothing_is_missed_or_comes_twice(
    store: Shop, layout: Layout, platform: Supervisor, gateways: tuple[str, str]
) -> None:
    sku, customer = await store.product(stock=5000), await store.customer()
    async with AsyncExitStack() as stack:
        # Each over connections of its own, so that they come to lie on both gateways.
        clients = [await stack.enter_async_context(ClientSession(layout.url("edge"))) for _ in range(4)]
        followers = [
            await stack.enter_async_context(following([client], customer.headers)) for client in clients
        ]
        over = asyncio.Event()
        shopping = asyncio.create_task(orders(customer, sku, over))
        for name in (*gateways, "redis"):
            platform.kill(name)
            await platform.ready(name)
        await platform.stop(gateways[0])
        await platform.start(gateways[0])
        over.set()
        placed = await shopping
        seen = [await follower.sees(4 * len(placed)) for follower in followers]
        # Whatever came too often would have come by now.
        placed += await orders(customer, sku, over)
        seen = [await follower.sees(4 * len(placed)) for follower in followers]
        codes = {code for follower in followers for code in follower.codes}
    assert set(await customer.orders()) == set(placed)
    assert sorted(seen[0]) == sorted((order_id, sequence) for order_id in placed for sequence in (1, 2, 3, 4))
    assert all(each == seen[0] for each in seen)
    by_order = {order_id: [number for id_, number in seen[0] if id_ == order_id] for order_id in placed}
    assert all(sequences == [1, 2, 3, 4] for sequences in by_order.values())
    assert {1006, 1012} <= codes


async def orders(customer: User, sku: str, over: asyncio.Event) -> list[str]:
    """Order one after the other until it is over, at least once."""
    placed = [await accepted(customer, sku)]
    while not over.is_set():
        placed.append(await accepted(customer, sku))
    return placed


async def accepted(customer: User, sku: str) -> str:
    """An order, asked for until it is accepted: whoever takes it may be killed meanwhile."""
    key = uuid4().hex

    async def place() -> str | None:
        answer = await customer.place(sku, key=key)
        return answer.body["order_id"] if answer.status == 202 else None

    return str(await eventually(place))
