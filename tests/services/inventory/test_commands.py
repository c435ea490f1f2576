"""What the saga asks of inventory, over the real bus and database."""

import asyncio
from datetime import timedelta
from pathlib import Path

from services.chassis.bus import UNROUTED
from services.chassis.clock import utcnow
from services.chassis.mongo import DATABASE
from services.contracts import topology
from services.contracts.inventory import (
    ConfirmStock,
    ReleaseStock,
    ReserveStock,
    StockConfirmationRefused,
    StockConfirmed,
    StockLine,
    StockRanLow,
    StockRejected,
    StockReleased,
    StockReserved,
)
from services.contracts.money import Money
from services.contracts.product import ProductChanged, Variant
from services.inventory.app import make_app
from services.inventory.settings import Settings
from services.inventory.use_cases import adjust_stock
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner, Listener, eventually
from tests.processes import instances


def reserve(order_id: str, seconds: float = 600, **lines: int) -> ReserveStock:
    wanted = tuple(StockLine(sku=sku, quantity=quantity) for sku, quantity in lines.items())
    return ReserveStock(order_id=order_id, lines=wanted, expires_at=utcnow() + timedelta(seconds=seconds))


async def stocked(app: Instance, **quantities: int) -> None:
    for sku, quantity in quantities.items():
        await app.app[DATABASE].transaction(
            lambda work, sku=sku, quantity=quantity: adjust_stock(  # type: ignore[misc]
                work, sku, quantity, "delivery", "keeper", utcnow()
            )
        )


async def stock(here: Corner, sku: str) -> tuple[int, int]:
    """Quantity and reserved."""
    document = await here.db("inventory").stock.find_one({"_id": sku})
    assert document is not None
    return document["stock"]["quantity"], document["stock"]["reserved"]


async def test_each_command_is_carried_out_once_and_answered(here: Corner, start: Start) -> None:
    app = await start(make_app(here.settings(Settings)))
    saga = await here.listen(topology.ORDER_SAGA)
    await stocked(app, mug=10, jug=1)

    await here.say(reserve("1", mug=3, jug=1), times=2)
    assert await saga.next(StockReserved) == StockReserved(order_id="1")
    assert await stock(here, "mug") == (10, 3)
    await here.say(reserve("2", mug=3, jug=1, lost=1), times=2)
    assert await saga.next(StockRejected) == StockRejected(order_id="2", skus=("jug", "lost"))
    assert await stock(here, "mug") == (10, 3)
    await here.say(ConfirmStock(order_id="1"), times=2)
    assert await saga.next(StockConfirmed) == StockConfirmed(order_id="1")
    assert await stock(here, "mug") == (7, 0)
    await here.say(ReleaseStock(order_id="1"), times=2)
    assert await saga.next(StockReleased) == StockReleased(order_id="1", restocked=True)
    assert await stock(here, "mug") == (10, 0)

    await here.say(ReleaseStock(order_id="3"))
    assert await saga.next(StockReleased) == StockReleased(order_id="3", restocked=False)
    await here.say(reserve("3", mug=1))
    assert await saga.next(StockRejected) == StockRejected(order_id="3", skus=())
    assert saga.waiting == 0


async def test_a_hot_sku_is_never_oversold_by_two_instances(
    here: Corner, start: Start, tmp_path: Path
) -> None:
    one = {"prefetch": 2, "batch_size": 2}
    app = await start(make_app(here.settings(Settings, **one)))
    saga = await here.listen(topology.ORDER_SAGA)
    await stocked(app, hot=20, cold=1000)

    async with instances(here.settings(Settings, **one), 1, tmp_path):
        await asyncio.gather(*(here.say(reserve(f"{n}", hot=1, cold=2), times=2) for n in range(50)))
        answers = [(await saga.raw()).type for _ in range(50)]

    assert answers.count(StockReserved.kind) == 20
    assert answers.count(StockRejected.kind) == 30
    assert await stock(here, "hot") == (20, 20)
    assert await stock(here, "cold") == (1000, 40)
    assert saga.waiting == 0


async def test_a_reservation_that_nobody_confirms_lapses(here: Corner, start: Start) -> None:
    app = await start(make_app(here.settings(Settings, expiry_watch_seconds=0.1)))
    saga = await here.listen(topology.ORDER_SAGA)
    await stocked(app, mug=10)

    await here.say(reserve("1", mug=4), reserve("2", mug=1))
    await saga.next(StockReserved)
    await saga.next(StockReserved)
    assert await stock(here, "mug") == (10, 5)
    too_late = {"$set": {"reservation.expires_at": utcnow()}}
    await here.db("inventory").reservations.update_one({"_id": "1"}, too_late)

    async def lapsed() -> bool:
        return await stock(here, "mug") == (10, 1)

    await eventually(lapsed)
    await here.say(ConfirmStock(order_id="1"))
    await saga.next(StockConfirmationRefused)
    ended = await here.db("inventory").reservations.find_one({"_id": "1"})
    assert ended is not None and ended["ended_at"] is not None
    live = await here.db("inventory").reservations.find_one({"_id": "2"})
    assert live is not None and live["ended_at"] is None


async def test_it_is_told_once_when_stock_runs_low(here: Corner, start: Start) -> None:
    app = await start(make_app(here.settings(Settings)))
    unrouted = await Listener.of(here.channel, UNROUTED)
    saga = await here.listen(topology.ORDER_SAGA)
    await stocked(app, mug=10)
    await here.say(reserve("1", mug=4), reserve("2", mug=1), reserve("3", mug=1))
    for _ in range(3):
        await saga.next(StockReserved)
    told = await unrouted.raw()
    assert told.type == StockRanLow.kind
    low = StockRanLow(sku="mug", available=5, threshold=5)
    assert StockRanLow.model_validate_json(told.body) == low
    assert unrouted.waiting == 0


async def test_new_skus_are_learned_from_the_catalogue(here: Corner, start: Start) -> None:
    app = await start(make_app(here.settings(Settings)))
    await stocked(app, mug=10)
    price = Money(amount=100, currency="USD")
    changed = ProductChanged(
        product_id="p",
        version=2,
        slug="mugs",
        name="Mugs",
        status="active",
        variants=(Variant(sku="mug", price=price), Variant(sku="cup", price=price)),
        changed_at=utcnow(),
    )
    older = changed.model_copy(update={"version": 1, "variants": (Variant(sku="mug", price=price),)})
    await here.say(changed, older, times=2)

    async def learned() -> object:
        return await here.db("inventory").stock.find_one({"_id": "cup"})

    await eventually(learned)
    assert await stock(here, "cup") == (0, 0)
    assert await stock(here, "mug") == (10, 0)


async def test_reservations_lapse_though_those_before_them_cannot_be_read(here: Corner, start: Start) -> None:
    app = await start(make_app(here.settings(Settings, expiry_watch_seconds=0.05)))
    await stocked(app, mug=10)
    lapsed = {"state": "reserved", "expires_at": utcnow() - timedelta(hours=1)}
    await here.db("inventory").reservations.insert_many(
        [{"_id": f"odd-{number}", "reservation": lapsed} for number in range(120)]
    )
    await here.say(reserve("1", seconds=0.01, mug=3))

    async def given_back() -> bool:
        document = await here.db("inventory").reservations.find_one({"_id": "1"})
        return document is not None and document["reservation"]["state"] == "expired"

    await eventually(given_back)
    assert await stock(here, "mug") == (10, 0)
