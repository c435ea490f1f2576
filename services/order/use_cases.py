"""What can be done with orders: load, decide, save."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from services.chassis.envelope import Envelope, new_id
from services.chassis.errors import Conflict, FieldError, Invalid, NotFound, Refusal
from services.chassis.idempotency import Ask
from services.chassis.identity import Caller, Role
from services.chassis.mongo import Work
from services.contracts.money import MAX_AMOUNT
from services.order.documents import LONG_AGO, StoredOrder
from services.order.domain import Line, Order, OrderPlaced, subtotal
from services.order.metrics import UNEXPECTED_ANSWERS
from services.order.saga import (
    UNEXPECTED,
    Answer,
    CancellationRequested,
    DeadlinePassed,
    Decision,
    begin,
    step,
)
from services.order.schemas import ItemIn, PlaceOrderIn
from services.order.stream import Streams
from services.order.views import Offer, find_offers


async def place_orders(
    work: Work, asks: Sequence[Ask[PlaceOrderIn]], deadline: timedelta, now: datetime
) -> list[Order | Refusal]:
    """Accept each order at the prices of the catalogue view, or say why not: Invalid for skus that cannot be had."""
    known = await find_offers(work, {item.sku for ask in asks for item in ask.body.items})
    streams = Streams(work)
    outcomes = [_place(streams, ask, known, deadline, now) for ask in asks]
    await streams.save()
    return outcomes


def _place(
    streams: Streams,
    ask: Ask[PlaceOrderIn],
    known: Mapping[str, Offer],
    deadline: timedelta,
    now: datetime,
) -> Order | Refusal:
    wish = ask.body
    try:
        lines = _lines(wish.items, known)
    except Refusal as refusal:
        return refusal
    placed = OrderPlaced(
        at=now,
        order_id=new_id(),
        user_id=ask.caller.user_id,
        lines=lines,
        subtotal=subtotal(lines),
        shipping_address=wish.shipping_address.to_domain(),
        payment_id=new_id(),
        method=wish.payment_method,
        deadline=now + deadline,
    )
    order = streams.append(placed.order_id, Decision(events=(placed,)), ask.origin)
    return streams.append(order.order_id, begin(order), ask.origin)


def _lines(items: Sequence[ItemIn], known: Mapping[str, Offer]) -> tuple[Line, ...]:
    skus = [item.sku for item in items]
    twice = [
        FieldError(f"items.{n}.sku", "given before; use quantity")
        for n, sku in enumerate(skus)
        if sku in skus[:n]
    ]
    if twice:
        raise Invalid("each sku may appear once", errors=tuple(twice))
    unknown = [
        FieldError(f"items.{n}.sku", "unknown sku") for n, item in enumerate(items) if item.sku not in known
    ]
    if unknown:
        raise Invalid("some skus cannot be ordered", errors=tuple(unknown))
    lines = tuple(
        Line(
            sku=item.sku,
            product_id=known[item.sku].product_id,
            name=known[item.sku].name,
            image=known[item.sku].image,
            quantity=item.quantity,
            unit_price=known[item.sku].price,
        )
        for item in items
    )
    if len({line.unit_price.currency for line in lines}) > 1:
        raise Invalid.field("items", "priced in different currencies; place one order for each")
    if sum(line.unit_price.amount * line.quantity for line in lines) > MAX_AMOUNT:
        raise Invalid.field("items", "the total is too large")
    return lines


async def advance_sagas(work: Work, envelopes: Sequence[Envelope[Answer]], now: datetime) -> None:
    """Let each answer move the saga of its order."""
    streams = Streams(work)
    await streams.load(envelope.message.order_id for envelope in envelopes)
    unexpected: Counter[str] = Counter()
    for envelope in envelopes:
        order = streams.get(envelope.message.order_id)
        decision = step(order, envelope.message, now) if order else UNEXPECTED
        if decision is UNEXPECTED:
            unexpected[envelope.message.kind] += 1
        else:
            streams.append(envelope.message.order_id, decision, envelope.origin)
    await streams.save()
    work.after_commit(lambda: _count(unexpected))


def _count(unexpected: Counter[str]) -> None:
    for kind, number in unexpected.items():
        UNEXPECTED_ANSWERS.labels(kind).inc(number)


async def wake_sagas(work: Work, order_ids: Sequence[str], now: datetime) -> None:
    """Tell the sagas of these orders that their time is up, where it still is."""
    streams = Streams(work)
    await streams.load(order_ids)
    for order_id in order_ids:
        order = streams.get(order_id)
        if order and order.wake_at and order.wake_at <= now:
            streams.append(order_id, step(order, DeadlinePassed(), now))
    await streams.save()


async def find_late(now: datetime, limit: int, without: Collection[str]) -> list[str]:
    """The ids of orders whose saga must be looked at, the latest first."""
    due = {"order.wake_at": {"$gt": LONG_AGO, "$lte": now}, "_id": {"$nin": list(without)}}
    late = StoredOrder.get_pymongo_collection().find(due, {"_id": 1})
    return [found["_id"] async for found in late.sort("order.wake_at").limit(limit)]


async def cancel_order(work: Work, caller: Caller, order_id: str, note: str, now: datetime) -> Order:
    """Begin to cancel an order. Raises NotFound, or Conflict when it is too late for that."""
    streams = Streams(work)
    await streams.load([order_id])
    order = _owned(streams.get(order_id), caller)
    decision = step(order, CancellationRequested(note, caller.user_id), now)
    if decision is UNEXPECTED:
        raise Conflict(f"an order that is {order.status} cannot be cancelled", slug="order-not-cancellable")
    order = streams.append(order_id, decision)
    await streams.save()
    return order


async def get_order(caller: Caller, order_id: str) -> Order:
    """One order of the caller; support and admin see everyone's. Raises NotFound."""
    stored = await StoredOrder.get(order_id)
    return _owned(stored.order if stored else None, caller)


def _owned(order: Order | None, caller: Caller) -> Order:
    if order is None or not (order.user_id == caller.user_id or caller.has(Role.SUPPORT, Role.ADMIN)):
        raise NotFound("there is no such order")
    return order


async def list_orders(caller: Caller, status: str | None, before: str | None, limit: int) -> list[Order]:
    """The caller's own orders, newest first, from behind the order `before`."""
    wanted: dict[str, object] = {"order.user_id": caller.user_id}
    if status:
        wanted["order.status"] = status
    if before:
        wanted["_id"] = {"$lt": before}
    return [stored.order for stored in await StoredOrder.find(wanted).sort("-_id").limit(limit).to_list()]
