"""Leases: something is held by one process at a time, until it lets go or dies. The clock is the database's."""

from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from services.chassis.envelope import new_id


class Leases:
    """Leases kept as documents `{_id: name, owner, expires_at}` of one collection."""

    def __init__(self, collection: AsyncCollection[dict[str, Any]], seconds: float) -> None:
        self._collection = collection
        self._milliseconds = int(seconds * 1000)
        self._owner = new_id()

    async def take(self, name: str) -> bool:
        """Take or renew a lease. False when somebody else holds it."""
        mine_or_free = {"$or": [{"owner": self._owner}, {"$expr": {"$lt": ["$expires_at", "$$NOW"]}}]}
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": self._milliseconds}}
        try:
            await self._collection.update_one(
                {"_id": name, **mine_or_free},
                [{"$set": {"owner": self._owner, "expires_at": until}}],
                upsert=True,
            )
        except DuplicateKeyError:
            return False
        return True

    async def release(self, name: str) -> None:
        """Let go, so that another may take it at once."""
        await self._collection.delete_one({"_id": name, "owner": self._owner})
