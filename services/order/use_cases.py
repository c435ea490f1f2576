"""What can be done with orders: load, decide, save."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.chassis.envelope import Envelope, new_id
from services.chassis.errors import Conflict, NotFound, Refusal
from services.chassis.idempotency import Ask
from services.chassis.identity import Caller
from services.chassis.mongo import Work
from services.order.documents import BY_STATUS, LONG_AGO, StoredOrder
from services.order.domain import Order, OrderPlaced, Phase, Priced
from services.order.metrics import UNEXPECTED_ANSWERS
from services.order.pricing import Item, Offer, price
from services.order.saga import (
    UNEXPECTED,
    Answer,
    CancellationRequested,
    DeadlinePassed,
    Decision,
    begin,
    step,
)
from services.order.schemas import OrderCountsOut, PlaceOrderIn
from services.order.stream import Streams
from services.order.views import find_offers

MAX_COUNTED: Final = 10_000
"""Only so many orders of a customer are counted."""

OURS: Final[tuple[Phase, ...]] = ("reserving", "confirming")
"""The phases in which a saga waits for stock."""


async def preview_order(items: Sequence[Item]) -> Priced:
    """What an order of these would cost now. Nothing is stored. Raises Invalid as placing it would."""
    return price(items, await find_offers({item.sku for item in items}))


async def place_orders(
    work: Work, asks: Sequence[Ask[PlaceOrderIn]], deadline: timedelta, now: datetime
) -> list[Order | Refusal]:
    """Accept each order at the prices of the catalogue view, or say why not: Invalid for skus that cannot be had."""
    offers = await find_offers({item.sku for ask in asks for item in ask.body.items}, work.session)
    streams = Streams(work)
    outcomes = [_place(streams, ask, offers, deadline, now) for ask in asks]
    await streams.save()
    return outcomes


def _place(
    streams: Streams,
    ask: Ask[PlaceOrderIn],
    offers: Mapping[str, Offer],
    deadline: timedelta,
    now: datetime,
) -> Order | Refusal:
    wish = ask.body
    try:
        priced = price(wish.items, offers)
    except Refusal as refusal:
        return refusal
    placed = OrderPlaced(
        at=now,
        order_id=new_id(),
        user_id=ask.caller.user_id,
        lines=priced.lines,
        subtotal=priced.subtotal,
        shipping_address=wish.shipping_address.to_domain(),
        payment_id=new_id(),
        method=wish.payment_method,
        deadline=now + deadline,
    )
    order = streams.append(placed.order_id, Decision(events=(placed,)), ask.origin)
    return streams.append(order.order_id, begin(order), ask.origin)


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


async def count_lagging(due_before: datetime, limit: int) -> int:
    """How many sagas, `limit` at most, must end before then and wait for nobody but us.

    How long payments take says nothing about that: providers and customers take their time.
    """
    due = {"order.wake_at": {"$gt": LONG_AGO, "$lte": due_before}, "order.phase": {"$in": OURS}}
    return await StoredOrder.get_pymongo_collection().count_documents(due, limit=limit)


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
    if order is None or not (order.user_id == caller.user_id or caller.is_staff):
        raise NotFound("there is no such order")
    return order


async def count_orders(caller: Caller) -> OrderCountsOut:
    """How many orders the caller has in each status, counted in the index alone."""
    pipeline = counting(caller.user_id)
    found = await StoredOrder.get_pymongo_collection().aggregate(pipeline, hint=BY_STATUS.document["key"])
    by_status = {group["_id"]: group["count"] async for group in found}
    return OrderCountsOut(by_status=by_status, complete=sum(by_status.values()) < MAX_COUNTED)


def counting(user_id: str) -> list[dict[str, Any]]:
    """The counts of one customer's orders by status, as MongoDB is asked for them."""
    return [
        {"$match": {"order.user_id": user_id}},
        {"$limit": MAX_COUNTED},
        {"$group": {"_id": "$order.status", "count": {"$sum": 1}}},
    ]


async def list_orders(caller: Caller, status: str | None, before: str | None, limit: int) -> list[Order]:
    """The caller's own orders, newest first, from behind the order `before`."""
    wanted: dict[str, object] = {"order.user_id": caller.user_id}
    if status:
        wanted["order.status"] = status
    if before:
        wanted["_id"] = {"$lt": before}
    return [stored.order for stored in await StoredOrder.find(wanted).sort("-_id").limit(limit).to_list()]
