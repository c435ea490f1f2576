"""Reading and appending to the streams of orders; the read model moves in the same transaction."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, get_args

from pydantic import TypeAdapter
from pymongo import InsertOne, UpdateOne

from observability import metrics
from services.chassis.envelope import Origin
from services.chassis.errors import Unavailable
from services.chassis.mongo import Work
from services.contracts.order import CancelReason, OrderStatusChanged
from services.order.documents import StoredChange, StoredEvent, StoredOrder
from services.order.domain import Order, OrderEvent, evolve, replay
from services.order.metrics import ORDERS_PLACED, REVENUE
from services.order.saga import Decision

_EVENT: TypeAdapter[OrderEvent] = TypeAdapter(OrderEvent)

# Counted from 0, so that the first one shows as an increase: when a service comes back, many end within a second.
for _reason in get_args(CancelReason):
    metrics.SAGA_ENDED.labels("CANCELLED", _reason)


class Streams:
    """The orders that one unit of work looks at, and what it adds to their streams."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._orders: dict[str, Order] = {}
        self._read_versions: dict[str, int] = {}
        self._appended: list[dict[str, Any]] = []
        self._changes: list[dict[str, Any]] = []

    async def load(self, order_ids: Iterable[str]) -> None:
        """Read these orders, those without a read model from their streams; unknown ones are left out."""
        ids = set(order_ids)
        wanted = {"_id": {"$in": list(ids)}}
        async for document in StoredOrder.get_pymongo_collection().find(wanted, session=self._work.session):
            order = Order.model_validate(document["order"])
            self._orders[order.order_id] = order
            self._read_versions[order.order_id] = order.version
        if missing := ids - self._orders.keys():
            self._orders |= {
                order_id: replayed(events)
                async for order_id, events in streams({"$in": list(missing)}, self._work)
            }

    def get(self, order_id: str) -> Order | None:
        """The order as it is after what was appended."""
        return self._orders.get(order_id)

    def append(self, order_id: str, decision: Decision, origin: Origin | None = None) -> Order:
        """Add a decision's events to a stream, and say and ask what belongs to it because of `origin`."""
        order = self._orders.get(order_id)
        for event in decision.events:
            order = self._append(order, event, origin)
        if order is None:
            raise ValueError("the first decision on an order must place it")
        # What the saga asks for need not wait until everybody has heard of the order's new status.
        self._work.emit(f"saga/{order_id}", order.version, *decision.commands, origin=origin)
        return order

    def _append(self, before: Order | None, event: OrderEvent, origin: Origin | None) -> Order:
        order = evolve(before, event)
        self._orders[order.order_id] = order
        self._appended.append(
            {
                "_id": f"{order.order_id}/{order.version}",
                "order_id": order.order_id,
                "sequence": order.version,
                "event": event.model_dump(),
            }
        )
        if before is None:
            self._work.after_commit(ORDERS_PLACED.inc)
        if before is None or order.status != before.status:
            announcement = _announcement(order)
            self._work.emit(f"order/{order.order_id}", order.version, announcement, origin=origin)
            self._changes.append(_unnumbered(announcement))
            if order.status in ("CONFIRMED", "CANCELLED"):
                self._work.after_commit(lambda: _measure(order))
        return order

    async def save(self) -> None:
        """Write what was appended. Raises Unavailable when a stream was appended to by somebody else meanwhile."""
        if not self._appended:
            return
        session = self._work.session
        changed = [self._orders[order_id] for order_id in {event["order_id"] for event in self._appended}]
        await StoredEvent.get_pymongo_collection().insert_many(self._appended, session=session)
        if self._changes:
            await StoredChange.get_pymongo_collection().insert_many(self._changes, session=session)
        result = await StoredOrder.get_pymongo_collection().bulk_write(
            [self._write(order) for order in changed], session=session
        )
        if result.inserted_count + result.modified_count != len(changed):
            raise Unavailable("the order was changed by somebody else")

    def _write(self, order: Order) -> InsertOne[dict[str, Any]] | UpdateOne:
        version = self._read_versions.get(order.order_id)
        state = order.model_dump()
        if version is None:
            return InsertOne({"_id": order.order_id, "order": state})
        return UpdateOne({"_id": order.order_id, "order.version": version}, {"$set": {"order": state}})


async def streams(order_ids: dict[str, Any], work: Work) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """The stored events of each order whose id meets this condition, in order."""
    events = StoredEvent.get_pymongo_collection().find({"order_id": order_ids}, session=work.session)
    stream: list[dict[str, Any]] = []
    async for event in events.sort([("order_id", 1), ("sequence", 1)]):
        if stream and stream[0]["order_id"] != event["order_id"]:
            yield stream[0]["order_id"], stream
            stream = []
        stream.append(event)
    if stream:
        yield stream[0]["order_id"], stream


def replayed(stream: Sequence[dict[str, Any]]) -> Order:
    """What a stored stream adds up to. Raises ValueError when it cannot be read, has a gap, or makes no sense."""
    if [event.get("sequence") for event in stream] != list(range(1, len(stream) + 1)):
        raise ValueError("events are missing")
    return replay(_EVENT.validate_python(event.get("event")) for event in stream)


def _announcement(order: Order) -> OrderStatusChanged:
    entry = order.timeline[-1]
    return OrderStatusChanged(
        order_id=order.order_id,
        user_id=order.user_id,
        status=entry.status,
        sequence=entry.sequence,
        at=entry.at,
        reason=order.reason,
    )


def _unnumbered(change: OrderStatusChanged) -> dict[str, Any]:
    return {"_id": f"{change.order_id}/{change.sequence}", "number": 0, **change.model_dump()}


def _measure(order: Order) -> None:
    if order.status == "CONFIRMED":
        REVENUE.labels(order.total.currency).inc(order.total.amount)
    metrics.SAGA_ENDED.labels(order.status, order.reason or "none").inc()
    metrics.SAGA_SECONDS.observe((order.updated_at - order.created_at).total_seconds())
