"""What can be done with stock: load, decide, save."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from services.chassis.envelope import Envelope, new_id
from services.chassis.errors import NotFound
from services.chassis.mongo import Work
from services.contracts.inventory import ReserveStock
from services.contracts.product import ProductChanged
from services.inventory import domain
from services.inventory.documents import Adjustment, StoredReservation, StoredStock
from services.inventory.domain import Command, Reservation, Stock, decide, expire, has_lapsed
from services.inventory.warehouse import Warehouse


async def carry_out(work: Work, envelopes: Sequence[Envelope[Command]], now: datetime) -> None:
    """Carry out commands in order and answer each."""
    warehouse = Warehouse(work)
    commands = [envelope.message for envelope in envelopes]
    await warehouse.load_reservations(command.order_id for command in commands)
    await warehouse.load_stock(_skus(commands, warehouse))
    for envelope in envelopes:
        order_id = envelope.message.order_id
        decision = decide(envelope.message, warehouse.reservations.get(order_id), warehouse.stock)
        warehouse.put_reservation(decision.reservation)
        for stock in decision.stock:
            warehouse.put_stock(stock, envelope.origin)
        version = decision.reservation.version
        work.emit(f"reservation/{order_id}", version, decision.answer, origin=envelope.origin)
    await warehouse.save(now)


def _skus(commands: Iterable[Command], warehouse: Warehouse) -> Iterator[str]:
    for command in commands:
        if isinstance(command, ReserveStock):
            yield from (line.sku for line in command.lines)
    for reservation in warehouse.reservations.values():
        yield from (line.sku for line in reservation.held)


async def find_lapsed(now: datetime, limit: int, without: Collection[str]) -> list[str]:
    """The orders whose reservations are live though their time is over, the oldest first."""
    lapsed = {
        "reservation.state": "reserved",
        "reservation.expires_at": {"$lte": now},
        "_id": {"$nin": list(without)},
    }
    found = StoredReservation.get_pymongo_collection().find(lapsed, {"_id": 1})
    return [one["_id"] async for one in found.sort("reservation.expires_at").limit(limit)]


async def expire_reservations(work: Work, order_ids: Collection[str], now: datetime) -> None:
    """Release what is held for these orders, where it still is and its time is over."""
    warehouse = Warehouse(work)
    await warehouse.load_reservations(order_ids)
    await warehouse.load_stock(_skus((), warehouse))
    for reservation in [known for known in warehouse.reservations.values() if has_lapsed(known, now)]:
        ended, stock = expire(reservation, warehouse.stock)
        warehouse.put_reservation(ended)
        for released in stock:
            warehouse.put_stock(released)
    await warehouse.save(now)


async def learn_skus(work: Work, changes: Iterable[ProductChanged], now: datetime) -> None:
    """Begin to keep stock of the skus that are new, with nothing of them there. Known ones are left as they are."""
    warehouse = Warehouse(work)
    skus = {variant.sku for change in changes for variant in change.variants}
    await warehouse.load_stock(skus)
    for sku in skus - warehouse.stock.keys():
        warehouse.put_stock(warehouse.stock_of(sku))
    await warehouse.save(now)


async def adjust_stock(work: Work, sku: str, delta: int, reason: str, user_id: str, now: datetime) -> Stock:
    """Count `delta` of a sku in, or out; one that was never heard of starts here. Raises Conflict."""
    warehouse = Warehouse(work)
    await warehouse.load_stock([sku])
    stock = domain.adjust(warehouse.stock_of(sku), delta)
    warehouse.put_stock(stock)
    await warehouse.save(now)
    entry = Adjustment(id=new_id(), sku=sku, delta=delta, reason=reason, user_id=user_id, at=now)
    await entry.insert(session=work.session)
    return stock


async def change_stock(
    work: Work, sku: str, low_stock_threshold: int | None, track: bool | None, now: datetime
) -> Stock:
    """Set the threshold of a sku, or whether it is tracked. Raises NotFound."""
    warehouse = Warehouse(work)
    await warehouse.load_stock([sku])
    if sku not in warehouse.stock:
        raise NotFound("there is no such sku")
    stock = domain.change(warehouse.stock[sku], low_stock_threshold=low_stock_threshold, track=track)
    warehouse.put_stock(stock)
    await warehouse.save(now)
    return stock


async def get_reservation(order_id: str) -> Reservation:
    """The reservation of one order. Raises NotFound while there is none, and when it is long over."""
    stored = await StoredReservation.get(order_id)
    if stored is None:
        raise NotFound("there is no reservation for this order")
    return stored.reservation


async def get_stock(sku: str) -> Stock:
    """The stock of one sku. Raises NotFound."""
    stored = await StoredStock.get(sku)
    if stored is None:
        raise NotFound("there is no such sku")
    return stored.stock


async def find_stock(skus: Collection[str]) -> list[Stock]:
    """The stock of those that are known, in sku order."""
    found = StoredStock.find({"_id": {"$in": list(skus)}}).sort("_id")
    return [stored.stock async for stored in found]
