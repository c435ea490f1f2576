"""The inventory service's documents, and the indexes that serve its queries."""

from datetime import datetime
from typing import Any, ClassVar, Final

from beanie import Document
from pymongo import ASCENDING, IndexModel, ReplaceOne

from services.inventory.domain import ENDED, Reservation, Shortage, Stock

_RETENTION_SECONDS: Final = 30 * 86400


class StoredStock(Document):
    """The stock of one sku, which is its `id`. What does not run short has no `shortage`, and no place in its index."""

    id: str  # type: ignore[assignment]
    stock: Stock
    shortage: Shortage | None = None

    class Settings:
        name = "stock"
        indexes: ClassVar = [IndexModel([("shortage", ASCENDING)], sparse=True)]

    @staticmethod
    def write(stock: Stock) -> ReplaceOne[dict[str, Any]]:
        """What stores this stock."""
        document: dict[str, Any] = {"stock": stock.model_dump()}
        if stock.shortage:
            document["shortage"] = stock.shortage
        return ReplaceOne({"_id": stock.sku}, document, upsert=True)


class StoredReservation(Document):
    """The reservation of one order, whose id it has. It is kept as long as stock may come back from it.

    `ended_at` is when it was last heard of after that; 30 days later it is forgotten.
    """

    id: str  # type: ignore[assignment]
    reservation: Reservation
    ended_at: datetime | None = None

    class Settings:
        name = "reservations"
        indexes: ClassVar = [
            IndexModel(
                [("reservation.expires_at", ASCENDING)],
                partialFilterExpression={"reservation.state": "reserved"},
            ),
            IndexModel([("ended_at", ASCENDING)], expireAfterSeconds=_RETENTION_SECONDS),
        ]

    @staticmethod
    def write(reservation: Reservation, now: datetime) -> ReplaceOne[dict[str, Any]]:
        """What stores this reservation."""
        ended_at = now if reservation.state in ENDED else None
        document = {"reservation": reservation.model_dump(), "ended_at": ended_at}
        return ReplaceOne({"_id": reservation.order_id}, document, upsert=True)


class Adjustment(Document):
    """Who counted how much in or out, and why. All of a sku's, and what orders took, add up to its quantity."""

    id: str  # type: ignore[assignment]
    sku: str
    delta: int
    reason: str
    user_id: str
    at: datetime

    class Settings:
        name = "adjustments"
        indexes: ClassVar = [IndexModel([("sku", ASCENDING), ("at", ASCENDING)])]
