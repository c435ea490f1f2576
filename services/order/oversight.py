"""What operators see of sagas, also of broken ones, and what they can do about them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from services.chassis.deeds import Deed
from services.chassis.errors import Conflict, NotFound
from services.chassis.mongo import Work
from services.order.audit import record
from services.order.documents import LONG_AGO, StoredEvent, StoredOrder
from services.order.domain import Order
from services.order.saga import UNEXPECTED, CancellationRequested, ResumeRequested, Trigger, step
from services.order.saga_schemas import EventOut, SagaOut, SagaPageOut, SagasPosition, SagasQuery
from services.order.stream import Streams

STUCK_AFTER = web.AppKey("STUCK_AFTER", timedelta)
"""How much later than it should be a saga may be."""

_MAX_EVENTS: Final = 500
_BULK: Final = {"order.lines": 0, "order.shipping_address": 0, "order.timeline": 0}


def unfinished(wanted: SagasQuery, stuck_since: datetime, after: SagasPosition | None) -> dict[str, Any]:
    """The sagas that are not over and fit, as MongoDB is asked for them."""
    conditions: list[dict[str, Any]] = [{"order.wake_at": {"$gt": LONG_AGO}}]
    if wanted.phase:
        conditions.append({"order.phase": wanted.phase})
    if wanted.stuck:
        late = [{f"order.{name}": {"$lte": stuck_since}} for name in ("wake_at", "compensating_since")]
        conditions.append({"$or": late})
    if after:
        same = {"order.wake_at": after.wake_at, "_id": {"$gt": after.order_id}}
        conditions += [
            {"order.wake_at": {"$gte": after.wake_at}},
            {"$or": [{"order.wake_at": {"$gt": after.wake_at}}, same]},
        ]
    return {"$and": conditions}


async def list_sagas(
    wanted: SagasQuery, stuck_since: datetime, after: SagasPosition | None, limit: int
) -> list[SagaOut]:
    """Those that fit, the one that must be looked at first comes first."""
    found = StoredOrder.get_pymongo_collection().find(unfinished(wanted, stuck_since, after), _BULK)
    sagas = found.sort([("order.wake_at", 1), ("_id", 1)]).limit(limit)
    return [SagaOut.read(document, stuck_since) async for document in sagas]


async def get_saga(order_id: str, stuck_since: datetime) -> SagaPageOut:
    """One order's saga, also when it is over, and the stream behind it. Raises NotFound."""
    document = await StoredOrder.get_pymongo_collection().find_one({"_id": order_id}, _BULK)
    stream = StoredEvent.get_pymongo_collection().find({"order_id": order_id})
    events = [EventOut.read(event) async for event in stream.sort("sequence").limit(_MAX_EVENTS)]
    if document is None and not events:
        raise NotFound("there is no such order")
    saga = SagaOut.read(document, stuck_since) if document else None
    return SagaPageOut(order_id=order_id, saga=saga, events=events)


async def resume(work: Work, deed: Deed[str], order_id: str) -> Order:
    """Ask again for what a saga waits for, and give it time. Raises NotFound, or Conflict when it is over."""
    return await _intervene(work, deed, order_id, ResumeRequested(deed.who.user_id), ("fulfilled", "ended"))


async def compensate(work: Work, deed: Deed[str], order_id: str, note: str) -> Order:
    """Turn a saga back. Raises NotFound, or Conflict when it is over or has turned already."""
    over = ("fulfilled", "ended", "compensating")
    return await _intervene(work, deed, order_id, CancellationRequested(note, deed.who.user_id), over)


async def _intervene(
    work: Work, deed: Deed[str], order_id: str, trigger: Trigger, too_late: Sequence[str]
) -> Order:
    streams = Streams(work)
    try:
        await streams.load([order_id])
    except ValidationError as error:
        raise Conflict("its read model cannot be read: rebuild it first", slug="unreadable") from error
    order = streams.get(order_id)
    if order is None:
        raise NotFound("there is no such order")
    decision = UNEXPECTED if order.phase in too_late else step(order, trigger, deed.at)
    if decision is UNEXPECTED:
        raise Conflict(f"its saga is {order.phase}", slug="saga-too-late")
    order = streams.append(order_id, decision)
    await streams.save()
    await record(work, deed, [order_id], order.phase)
    return order
