"""The payment service's documents, and the indexes that serve its queries."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from beanie import Document
from pymongo import ASCENDING, IndexModel, ReplaceOne

from services.chassis.envelope import Origin
from services.payment.domain import Payment

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything is due: the lower bound by which a query shows that the index of what is due serves it."""

_TOMBSTONE_SECONDS: Final = 30 * 86400
_NOTICE_SECONDS: Final = 7 * 86400


class StoredPayment(Document):
    """A payment and the last message that asked something of it. `buried_at` is when a tombstone was last heard of."""

    id: str  # type: ignore[assignment]
    payment: Payment
    origin: Origin | None
    buried_at: datetime | None

    class Settings:
        name = "payments"
        indexes: ClassVar = [
            IndexModel([("payment.order_id", ASCENDING)]),
            IndexModel(
                [("payment.intent.due_at", ASCENDING)],
                partialFilterExpression={"payment.intent.due_at": {"$gt": LONG_AGO}},
            ),
            IndexModel([("buried_at", ASCENDING)], expireAfterSeconds=_TOMBSTONE_SECONDS),
        ]

    @staticmethod
    def write(payment: Payment, origin: Origin | None) -> ReplaceOne[dict[str, Any]]:
        """What stores this payment."""
        document = {
            "payment": payment.model_dump(),
            "origin": asdict(origin) if origin else None,
            "buried_at": payment.updated_at if payment.terms is None else None,
        }
        return ReplaceOne({"_id": payment.payment_id}, document, upsert=True)


class SeenNotice(Document):
    """A webhook that was heard: `id` is `<provider>/<event id>`. Kept far longer than its signature is good."""

    id: str  # type: ignore[assignment]
    received_at: datetime

    class Settings:
        name = "notices"
        indexes: ClassVar = [IndexModel([("received_at", ASCENDING)], expireAfterSeconds=_NOTICE_SECONDS)]
