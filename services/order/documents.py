"""The order's stream of events, and the read model that it adds up to."""

from datetime import UTC, datetime
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.order.domain import Order, OrderEvent

BY_STATUS = IndexModel([("order.user_id", ASCENDING), ("order.status", ASCENDING), ("_id", DESCENDING)])

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""A bound that every date passes: a query that names it can use an index over those that have a date."""


class StoredEvent(Document):
    """One event of a stream. `sequence` counts from 1 without a gap; `id` is `<order id>/<sequence>`."""

    id: str  # type: ignore[assignment]
    order_id: str
    sequence: int
    event: OrderEvent

    class Settings:
        name = "order_events"
        indexes: ClassVar = [IndexModel([("order_id", ASCENDING), ("sequence", ASCENDING)], unique=True)]


class StoredOrder(Document):
    """The read model: what the stream adds up to. Ids sort by time, so they are also the order of a history."""

    id: str  # type: ignore[assignment]
    order: Order

    class Settings:
        name = "orders"
        indexes: ClassVar = [
            IndexModel([("order.user_id", ASCENDING), ("_id", DESCENDING)]),
            BY_STATUS,
            IndexModel(
                [("order.wake_at", ASCENDING), ("_id", ASCENDING)],
                partialFilterExpression={"order.wake_at": {"$gt": LONG_AGO}},
            ),
        ]
