"""The chassis' own collections in every service's database: their indexes and how long their rows are kept.

`outbox` has no retention, because what was not published must stay: what was is deleted.
"""

from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from services.chassis.outbox import ORDER

_DAY = 86400
_HOUR = 3600


async def prepare(db: AsyncDatabase[dict[str, Any]], inbox_days: int) -> None:
    """Create the indexes; to have them already does no harm."""
    await db.outbox.create_indexes(
        [IndexModel(ORDER, unique=True), IndexModel([("lane", ASCENDING), ("_id", ASCENDING)])]
    )
    await db.outbox_lanes.create_indexes([_kept("expires_at", _HOUR)])
    await db.inbox.create_indexes(
        [IndexModel([("messages", ASCENDING)], unique=True), _kept("received_at", inbox_days * _DAY)]
    )
    await db.idempotency.create_indexes([_kept("stored_at", _DAY)])


def _kept(field: str, seconds: int) -> IndexModel:
    return IndexModel([(field, ASCENDING)], expireAfterSeconds=seconds)
