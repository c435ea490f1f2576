"""The platform as its operators know it: scaled, killed, cut off, and still right."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, web
from pymongo import AsyncMongoClient

from discovery.consul.client import consul_client
from scripts.layout import Layout
from scripts.supervisor import Supervisor
from tests.journeys.shop import Json, Shop, User
from tests.otlp import OtlpReceiver
from tests.parts import eventually
from tests.serving import serving


@dataclass
class Load:
    """Requests that go on while something happens, and those that failed."""

    sent: int = 0
    failed: list[object] = field(default_factory=list)


@asynccontextmanager
async def under_load(request: Callable[[], Awaitable[Any]], each_second: int) -> AsyncIterator[Load]:
    """Send `request` at a steady rate while inside; one that raises has failed."""
    load, running = Load(), set[asyncio.Task[None]]()

    async def once() -> None:
        try:
            await request()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is what is looked for
            load.failed.append(error)

    async def steadily() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            task = asyncio.create_task(once())
            running.add(task)
            task.add_done_callback(running.discard)
            load.sent += 1
            due += 1 / each_second
            await asyncio.sleep(max(0.0, due - loop.time()))

    pump = asyncio.create_task(steadily())
    try:
        yield load
    finally:
        pump.cancel()
        await asyncio.gather(pump, *running, return_exceptions=True)


async def test_one_order_is_one_trace_from_envoy_to_the_last_consumer(
    store: Shop, traces: OtlpReceiver
) -> None:
    sku = await store.product(stock=5)
    customer = await store.customer()
    placed = await customer.place(sku)
    trace_id = placed.headers["traceparent"].split("-")[1]
    await customer.ended(placed.body["order_id"])
    expected = {"gateway", "order", "inventory", "payment"}
    await eventually(lambda: expected <= traces.services(trace_id))
    await eventually(lambda: any("envoy" in name or "edge" in name for name in traces.services(trace_id)))
    handled = {"process inventory.reserve_stock.v1", "process payment.capture_payment.v1"}
    await eventually(lambda: handled <= {span.name for _, span in traces.spans[trace_id]})


async def test_an_instance_registered_by_hand_takes_traffic(store: Shop, layout: Layout) -> None:
    seen = asyncio.Event()

    async def answer(_request: web.Request) -> web.Response:
        seen.set()
        return web.json_response([])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    name = f"by-hand-{uuid4().hex[:6]}"
    async with serving(app) as port, consul_client(layout.url("consul")) as consul:
        await consul.agent.service.register("product", name, address="127.0.0.1", port=port)
        try:
            async with asyncio.timeout(10):
                while not seen.is_set():
                    await store.anyone.call("GET", "/api/v1/categories")
        finally:
            await consul.agent.service.deregister(name)


async def test_scaling_up_and_down_under_load_fails_no_request(store: Shop, platform: Supervisor) -> None:
    async def look() -> None:
        await store.anyone.get("/api/v1/categories")

    async with under_load(look, each_second=60) as load:
        await platform.scale("product", 3)
        await platform.scale("product", 1)
    assert load.sent > 100
    assert load.failed == []


async def test_300_orders_at_10_a_second_all_end_and_the_stock_adds_up(
    store: Shop, platform: Supervisor, databases: AsyncMongoClient[dict[str, Any]]
) -> None:
    services = ("gateway", "auth", "product", "inventory", "payment", "order")
    await asyncio.gather(*(platform.scale(service, 2) for service in services))
    try:
        skus = [await store.product(stock=200) for _ in range(4)]
        customers = [await store.customer() for _ in range(5)]
        accepted: list[tuple[User, str, str, str]] = []
        numbers = count()
        tokens = ["tok_approve"] * 8 + ["tok_decline", "tok_flaky"]

        async def place() -> None:
            number = next(numbers)
            customer, sku, token = customers[number % 5], skus[number % 4], tokens[number % 10]
            accepted.append((customer, sku, token, await customer.order(sku, 1, token)))

        async with under_load(place, each_second=10) as load:
            await eventually(lambda: load.sent >= 300, seconds=40)
        assert load.failed == []
        ended = await all_ended([(customer, order_id) for customer, _, _, order_id in accepted])
        for (_, _, token, _), order in zip(accepted, ended, strict=True):
            assert order["status"] == ("CANCELLED" if token == "tok_decline" else "CONFIRMED")
        for sku in skus:
            confirmed = sum(
                order["status"] == "CONFIRMED"
                for (_, of, _, _), order in zip(accepted, ended, strict=True)
                if of == sku
            )
            stored = await databases["inventory"].stock.find_one({"_id": sku})
            assert stored is not None
            stock = stored["stock"]
            assert (stock["quantity"], stock["reserved"]) == (200 - confirmed, 0)
        for database in ("auth", "product", "inventory", "payment", "order", "operations"):
            await eventually(partial(nothing_pending, databases, database))
    finally:
        await asyncio.gather(*(platform.scale(service, 1) for service in services))


async def all_ended(orders: Sequence[tuple[User, str]]) -> list[Json]:
    """Each of them once it has ended; followed by a few at a time: hundreds at once are another test."""
    places = asyncio.Semaphore(20)

    async def one(customer: User, order_id: str) -> Json:
        async with places:
            return await customer.ended(order_id)

    return await asyncio.gather(*(one(customer, order_id) for customer, order_id in orders))


async def nothing_pending(databases: AsyncMongoClient[dict[str, Any]], database: str) -> bool:
    return await databases[database].outbox.count_documents({}) == 0


@pytest.mark.parametrize("victim", ["order-1", "inventory-1", "payment-1", "gateway-1"])
async def test_every_accepted_order_ends_though_an_instance_is_killed(
    store: Shop, platform: Supervisor, victim: str
) -> None:
    service = victim.partition("-")[0]
    await platform.scale(service, 2)
    try:
        sku = await store.product(stock=500)
        customer = await store.customer()
        accepted: list[str] = []

        async def place() -> None:
            accepted.append(await customer.order(sku))

        async with under_load(place, each_second=20):
            await eventually(lambda: len(accepted) >= 10)
            platform.kill(victim)
            await eventually(lambda: len(accepted) >= 50)
        await platform.ready(victim)
        # An order may have been stored though its answer was lost with the instance.
        stored = await customer.orders()
        assert set(accepted) <= set(stored)
        ended = await all_ended([(customer, order_id) for order_id in stored])
        confirmed = sum(order["status"] == "CONFIRMED" for order in ended)
        assert {order["status"] for order in ended} <= {"CONFIRMED", "CANCELLED"}
        stock = await store.stock(sku)
        assert (stock["quantity"], stock["reserved"]) == (500 - confirmed, 0)
    finally:
        await platform.scale(service, 1)


@pytest.mark.parametrize("part", ["control-plane-1", "consul"])
async def test_traffic_goes_on_without_discovery_and_changes_arrive_after_it(
    store: Shop, platform: Supervisor, part: str
) -> None:
    await platform.stop(part)
    for _ in range(20):
        await store.anyone.get("/api/v1/products")
    await platform.start(part)
    await platform.scale("product", 2)
    await platform.scale("product", 1)
    await store.anyone.get("/api/v1/products")
    sku = await store.product(stock=3)
    customer = await store.customer()
    assert (await customer.ended(await customer.order(sku)))["status"] == "CONFIRMED"


async def test_consul_keeps_its_keys_when_it_is_killed(platform: Supervisor, layout: Layout) -> None:
    async with consul_client(layout.url("consul")) as consul:
        assert await consul.kv.put("test/survives", "yes")
        platform.kill("consul")
        await platform.ready("consul")

        async def kept() -> bool:
            _, entry = await consul.kv.get("test/survives")
            return entry is not None and entry["Value"] == b"yes"

        await eventually(kept)


async def test_prometheus_finds_and_scrapes_every_process(platform: Supervisor, layout: Layout) -> None:
    async def jobs() -> set[str]:
        async with (
            ClientSession(layout.url("prometheus")) as http,
            http.get("/api/v1/targets?state=active") as response,
        ):
            targets = (await response.json())["data"]["activeTargets"]
        return {
            target["labels"].get("service", target["labels"]["job"])
            for target in targets
            if target["health"] == "up"
        }

    wanted = {"gateway", "auth", "product", "inventory", "payment", "order", "operations", "control-plane"}

    async def all_up() -> bool:
        return wanted <= await jobs()

    await eventually(all_up, seconds=40)
