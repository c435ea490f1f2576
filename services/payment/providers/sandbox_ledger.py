"""The sandbox's ledger: one charge for each payment, changed by one update and read afterwards.

It stands for the books of something remote, so every change is durable by itself. Those that are asked for at the same
time are written together.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from services.chassis.batches import Batches
from services.chassis.errors import Unavailable
from services.payment.providers.port import ProviderError

Bson = dict[str, Any]
_RETENTION_SECONDS: Final = 30 * 86400
_SIZE: Final = 100


class Ledger:
    """The charges by payment id."""

    def __init__(self, db: AsyncDatabase[Bson]) -> None:
        self._charges = db.sandbox_ledger
        self._changes: Batches[tuple[Bson, Any, bool], Bson | None] = Batches(
            "sandbox ledger", self._write, _SIZE
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the books while inside; the index bounds them."""
        opened = IndexModel([("opened_at", ASCENDING)], expireAfterSeconds=_RETENTION_SECONDS)
        await self._charges.create_indexes([opened])
        async with self._changes.running():
            yield

    async def open(self, payment_id: str, update: Any) -> Bson:
        """The charge after an update; it is opened by it when there was none. Raises ProviderError."""
        charge = await self._change({"_id": payment_id}, update, upsert=True)
        assert charge is not None
        return charge

    async def move(self, charge: Bson, update: Any) -> Bson | None:
        """The charge of this `_id` after an update that was made if all of `charge` fits. Raises ProviderError."""
        return await self._change(charge, update, upsert=False)

    async def _change(self, charge: Bson, update: Any, *, upsert: bool) -> Bson | None:
        with remote():
            return await self._changes.submit((charge, update, upsert))

    async def _write(self, changes: Sequence[tuple[Bson, Any, bool]]) -> list[Bson | None]:
        ids = [charge["_id"] for charge, _, _ in changes]
        if len(set(ids)) < len(ids):
            # What two changes of one charge see must be each its own.
            return [seen for change in changes for seen in await self._write([change])]
        updates = [UpdateOne(charge, update, upsert=upsert) for charge, update, upsert in changes]
        try:
            await self._charges.bulk_write(updates, ordered=False)
        except BulkWriteError as error:
            # Two instances opened a charge at once: only what failed is done again, for the rest has been counted.
            failed = [updates[failure["index"]] for failure in error.details["writeErrors"]]
            await self._charges.bulk_write(failed, ordered=False)
        found = {charge["_id"]: charge async for charge in self._charges.find({"_id": {"$in": ids}})}
        return [found.get(id) for id in ids]


@contextmanager
def remote() -> Iterator[None]:
    """Where a real provider would be out of reach, this one's database is. Raises ProviderError."""
    try:
        yield
    except (PyMongoError, Unavailable) as error:
        raise ProviderError(type(error).__name__) from error
