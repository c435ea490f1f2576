"""The order's stream of events, the read model that it adds up to, and what customers are told of it."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.order import CancelReason, OrderStatus
from services.order.domain import Order, OrderEvent

BY_STATUS = IndexModel([("order.user_id", ASCENDING), ("order.status", ASCENDING), ("_id", DESCENDING)])

CHANGES_KEPT: Final = timedelta(days=7)
"""After that, whoever was away looks at the orders themselves."""

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


class StoredChange(Document):
    """A status that an order entered, written with it. `id` is `<order id>/<sequence>`.

    `number` is its place among all changes of the customer's orders, 0 until somebody asks for them.
    """

    id: str  # type: ignore[assignment]
    user_id: str
    number: int
    order_id: str
    sequence: int
    status: OrderStatus
    at: datetime
    reason: CancelReason | None

    class Settings:
        name = "order_changes"
        indexes: ClassVar = [
            IndexModel([(name, ASCENDING) for name in ("user_id", "number", "order_id", "sequence")]),
            IndexModel([("at", ASCENDING)], expireAfterSeconds=int(CHANGES_KEPT.total_seconds())),
        ]


class StoredCount(Document):
    """How many changes of a customer's orders have got a number. `id` is the customer's."""

    id: str  # type: ignore[assignment]
    last: int

    class Settings:
        name = "order_change_counts"
