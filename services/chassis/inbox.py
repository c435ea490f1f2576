"""The inbox: the id of each message is recorded in the transaction of its effect, so a redelivery has no second one."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from services.chassis.envelope import Envelope
from services.chassis.mongo import Database, Work

Handler = Callable[[Work, Sequence[Envelope[Any]]], Awaitable[None]]


async def once(
    database: Database, queue: str, envelopes: Sequence[Envelope[Any]], handler: Handler
) -> Sequence[Envelope[Any]]:
    """Run `handler` in one transaction on those that `queue` has not brought before, and return them."""
    by_key = {f"{queue}/{envelope.id}": envelope for envelope in envelopes}

    async def body(work: Work) -> Sequence[Envelope[Any]]:
        fresh = dict(by_key)
        async for row in work.db.inbox.find({"_id": {"$in": list(by_key)}}, {"_id": 1}, session=work.session):
            del fresh[row["_id"]]
        if fresh:
            now = datetime.now(UTC)
            rows = [{"_id": key, "received_at": now} for key in fresh]
            await work.db.inbox.insert_many(rows, session=work.session)
            await handler(work, list(fresh.values()))
        return list(fresh.values())

    return await database.transaction(body)
