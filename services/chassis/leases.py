"""Leases: something is held by one process at a time, until it lets go or dies. The clock is the database's."""

from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from services.chassis.envelope import new_id

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Leases:
    """Leases kept as documents `{_id: name, owner, expires_at}` of one collection."""

    def __init__(self, collection: AsyncCollection[dict[str, Any]], seconds: float) -> None:
        self._collection = collection
        self._milliseconds = int(seconds * 1000)
        self._owner = new_id()

    async def take(self, name: str) -> bool:
        """Take or renew a lease. False when somebody else holds it."""
        free = {"$lt": [{"$ifNull": ["$expires_at", _LONG_AGO]}, "$$NOW"]}
        ours = {"$or": [{"$eq": ["$owner", self._owner]}, free]}
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": self._milliseconds}}
        lease = await self._collection.find_one_and_update(
            {"_id": name},
            [
                {
                    "$set": {
                        "owner": {"$cond": [ours, self._owner, "$owner"]},
                        "expires_at": {"$cond": [ours, until, "$expires_at"]},
                    }
                }
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return lease is not None and lease["owner"] == self._owner

    async def release(self, name: str) -> None:
        """Let go, so that another may take it at once."""
        await self._collection.delete_one({"_id": name, "owner": self._owner})
