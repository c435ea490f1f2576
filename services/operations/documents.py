"""The operations service's documents, and the indexes that serve its queries."""

from datetime import datetime
from typing import Any, ClassVar, Final

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel, ReplaceOne

from services.operations.domain import DeadLetter

_DAY: Final = 86400
_SETTLED_SECONDS: Final = 30 * _DAY
_AUDIT_SECONDS: Final = 400 * _DAY


class StoredDeadLetter(Document):
    """A dead letter: kept as long as it is dead, and forgotten 30 days after it was brought back or discarded."""

    id: str  # type: ignore[assignment]
    letter: DeadLetter

    class Settings:
        name = "dead_letters"
        indexes: ClassVar = [
            IndexModel([("letter.died_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel([("letter.state", ASCENDING), ("letter.died_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel(
                [
                    ("letter.state", ASCENDING),
                    ("letter.service", ASCENDING),
                    ("letter.queue", ASCENDING),
                    ("letter.kind", ASCENDING),
                    ("letter.reason", ASCENDING),
                ]
            ),
            IndexModel(
                [("letter.order_id", ASCENDING), ("letter.died_at", DESCENDING), ("_id", DESCENDING)],
                partialFilterExpression={"letter.order_id": {"$gt": ""}},
            ),
            IndexModel([("letter.settled_at", ASCENDING)], expireAfterSeconds=_SETTLED_SECONDS),
        ]

    @staticmethod
    def write(letter: DeadLetter) -> ReplaceOne[dict[str, Any]]:
        """What stores this letter."""
        return ReplaceOne({"_id": letter.id}, {"letter": letter.model_dump()}, upsert=True)


class AuditEntry(Document):
    """Who did what to what, when, and what came of it. Ids sort by time. Kept for 400 days."""

    id: str  # type: ignore[assignment]
    at: datetime
    user_id: str
    roles: list[str]
    action: str
    subjects: list[str]
    details: dict[str, Any]
    outcome: str

    class Settings:
        name = "audit"
        indexes: ClassVar = [
            IndexModel([("subjects", ASCENDING), ("_id", DESCENDING)]),
            IndexModel([("at", ASCENDING)], expireAfterSeconds=_AUDIT_SECONDS),
        ]
