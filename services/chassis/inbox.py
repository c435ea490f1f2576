"""The inbox: the id of each message is recorded in the transaction of its effect, so a redelivery has no second one."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.chassis.envelope import Envelope
from services.chassis.mongo import Database, Work

Handler = Callable[[Work, Sequence[Envelope[Any]]], Awaitable[None]]


class _SeenBefore(Exception):
    """Some of the messages are in the inbox already."""


async def once(
    database: Database, queue: str, envelopes: Sequence[Envelope[Any]], handler: Handler
) -> Sequence[Envelope[Any]]:
    """Run `handler` in one transaction on those that `queue` has not brought before, and return them."""
    by_key = {f"{queue}/{envelope.id}": envelope for envelope in envelopes}

    async def handle(work: Work, fresh: dict[str, Envelope[Any]]) -> Sequence[Envelope[Any]]:
        await _remember(work, fresh)
        await handler(work, list(fresh.values()))
        return list(fresh.values())

    async def handle_unseen(work: Work) -> Sequence[Envelope[Any]]:
        seen: set[str] = set()
        async for row in work.db.inbox.find({"messages": {"$in": list(by_key)}}, session=work.session):
            seen.update(row["messages"])
        fresh = {key: envelope for key, envelope in by_key.items() if key not in seen}
        return await handle(work, fresh) if fresh else ()

    try:
        # Redeliveries are rare, so nobody is asked about them until one is noticed.
        return await database.transaction(partial(handle, fresh=by_key))
    except _SeenBefore:
        return await database.transaction(handle_unseen)


async def _remember(work: Work, keys: Iterable[str]) -> None:
    """One row for all of them: a unique index over the list keeps each from coming twice. Raises _SeenBefore."""
    row = {"messages": list(keys), "received_at": datetime.now(UTC)}
    try:
        await work.db.inbox.insert_one(row, session=work.session)
    except DuplicateKeyError as error:
        raise _SeenBefore from error
