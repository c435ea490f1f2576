"""The read model mended from the streams, in a process of its own, while orders go on."""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from services.contracts import topology
from services.contracts.inventory import (
    ConfirmStock,
    ReleaseStock,
    ReserveStock,
    StockConfirmed,
    StockReserved,
)
from services.contracts.order import OperatorActed
from services.contracts.payment import AuthorizePayment, CapturePayment, PaymentAuthorized, PaymentCaptured
from services.order.domain import Order
from services.order.settings import Settings
from tests.parts import eventually
from tests.services.order.world import World

Batch = dict[str, Any]


async def rebuild(world: World, after: str = "", batch: int = 7) -> list[Batch]:
    """Run it to its end; what it told, batch by batch."""
    settings = world.here.settings(Settings)
    environment = {
        "PORTICO_MONGODB_URL": settings.mongodb_url.get_secret_value(),
        "PORTICO_REBUILD_BY": "eve@here",
        "PORTICO_REBUILD_AFTER": after,
        "PORTICO_REBUILD_BATCH": str(batch),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.order.rebuild"),
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return [json.loads(line) for line in told.splitlines()]


async def inventory_and_payment(world: World) -> None:
    """Grant everything that is asked, for ever."""

    async def stock() -> None:
        while True:
            incoming = await world.inventory.raw(3600)
            order_id = json.loads(incoming.body)["order_id"]
            match incoming.type:
                case ReserveStock.kind:
                    await world.here.say(StockReserved(order_id=order_id))
                case ConfirmStock.kind:
                    await world.here.say(StockConfirmed(order_id=order_id))
                case ReleaseStock.kind:
                    raise AssertionError(f"{order_id} is given up")

    async def money() -> None:
        while True:
            incoming = await world.payment.raw(3600)
            body = json.loads(incoming.body)
            ids = {"order_id": body["order_id"], "payment_id": body["payment_id"]}
            match incoming.type:
                case AuthorizePayment.kind:
                    await world.here.say(PaymentAuthorized(**ids))
                case CapturePayment.kind:
                    await world.here.say(PaymentCaptured(**ids))

    async with asyncio.TaskGroup() as group:
        group.create_task(stock())
        group.create_task(money())


async def place(world: World, count: int) -> list[str]:
    answers = await asyncio.gather(*(world.place() for _ in range(count)))
    assert {status for status, _ in answers} == {202}
    return [answer["order_id"] for _, answer in answers]


async def status(world: World, order_id: str) -> str | None:
    found = await world.here.db("order").orders.find_one({"_id": order_id})
    return found["order"].get("status") if found else None


@pytest.mark.parametrize("changes", [{"retry_delays": (0.5, 1.0, 2.0, 4.0)}])
async def test_every_order_ends_though_its_read_model_is_damaged_on_the_way(world: World) -> None:
    neighbours = asyncio.create_task(inventory_and_payment(world))
    orders = world.here.db("order").orders
    placed: list[str] = []
    try:
        for _ in range(3):
            fresh = await place(world, 20)
            placed += fresh
            await orders.delete_many({"_id": {"$in": fresh[::3]}})
            await orders.update_many({"_id": {"$in": fresh[1::3]}}, {"$set": {"order.status": "NONSENSE"}})
            await rebuild(world)
        for order_id in placed:

            async def confirmed(order_id: str = order_id) -> bool:
                return await status(world, order_id) == "CONFIRMED"

            await eventually(confirmed)
        batches = await rebuild(world)
        assert sum(batch["checked"] for batch in batches) == 60
        assert not any(batch["mended"] or batch["broken"] or batch["strays"] for batch in batches)
        for order_id in placed:
            found = await orders.find_one({"_id": order_id})
            assert found is not None
            assert Order.model_validate(found["order"]) == await world.replayed(order_id)
    finally:
        neighbours.cancel()
        await asyncio.gather(neighbours, return_exceptions=True)


async def test_it_tells_what_it_mended_and_what_nobody_can(world: World) -> None:
    ids = sorted(await place(world, 20))
    db = world.here.db("order")
    gone, wrong, gap, odd, stray = ids[2], ids[9], ids[5], ids[12], ids[19]
    before = await db.orders.find_one({"_id": wrong})
    await db.orders.delete_one({"_id": gone})
    await db.orders.update_one({"_id": wrong}, {"$set": {"order.payment_id": "another"}})
    await db.order_events.update_one({"_id": f"{gap}/1"}, {"$set": {"sequence": 2}})
    await db.order_events.update_one({"_id": f"{odd}/1"}, {"$set": {"event.type": "order_dreamt"}})
    await db.order_events.delete_one({"_id": f"{stray}/1"})
    batches = await rebuild(world)
    assert [batch["after"] for batch in batches][-1] is None
    assert sorted(one for batch in batches for one in batch["mended"]) == [gone, wrong]
    broken = {order_id: why for batch in batches for order_id, why in batch["broken"].items()}
    assert broken.keys() == {gap, odd}
    assert broken[gap] == "events are missing"
    assert [one for batch in batches for one in batch["strays"]] == [stray]
    assert await db.orders.find_one({"_id": wrong}) == before
    assert not [one for batch in await rebuild(world) for one in batch["mended"]]


async def test_it_goes_on_where_it_was_left(world: World) -> None:
    ids = sorted(await place(world, 10))
    first, *_ = await rebuild(world, batch=4)
    assert first["after"] == ids[3]
    rest = await rebuild(world, after=first["after"], batch=4)
    assert sum(batch["checked"] for batch in rest) == 6
    assert [batch["after"] for batch in await rebuild(world, after=ids[-1])] == [None]


async def test_the_audit_is_told_who_rebuilt_and_which_orders_were_mended(world: World) -> None:
    told = await world.here.listen(topology.OPERATIONS_AUDIT)
    ids = sorted(await place(world, 10))
    await world.here.db("order").orders.delete_many({"_id": {"$in": [ids[1], ids[8]]}})
    await rebuild(world)
    # Its process has ended: the service takes over what that left in the outbox.
    entries = [await told.next(OperatorActed) for _ in range(4)]
    assert {(one.user_id, one.action, one.details["after"]) for one in entries} == {
        ("eve@here", "rebuild", "")
    }
    assert sorted((one.outcome, one.subjects) for one in entries) == [
        ("1 mended", (ids[1],)),
        ("1 mended", (ids[8],)),
        ("begun", ("orders",)),
        ("done", ("orders",)),
    ]
