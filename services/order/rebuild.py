"""`python -m services.order.rebuild`: the read model, checked against the streams and mended, while orders go on.

Each batch of orders is read and written in one transaction, so a saga that moves one of them meanwhile conflicts, and
one of the two does its work again. After each batch one line of JSON tells how far it is; begun behind that order
(PORTICO_REBUILD_AFTER), it goes on from there.
"""

import asyncio
import sys
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError
from pymongo import ReplaceOne

from services.chassis.clock import utcnow
from services.chassis.deeds import Deed
from services.chassis.health import READINESS, Readiness
from services.chassis.http import field_errors
from services.chassis.identity import Caller
from services.chassis.mongo import DATABASE, Work, mongo
from services.order.audit import record
from services.order.documents import StoredEvent, StoredOrder
from services.order.domain import Order
from services.order.settings import Settings
from services.order.stream import replayed, streams


class RebuildSettings(Settings):
    """The order service's settings, who asks, where to begin, and how many orders to look at in one transaction."""

    rebuild_by: str = Field("somebody with a shell", description="for the audit trail")
    rebuild_after: str = ""
    rebuild_batch: int = Field(100, ge=1, le=1000)


class Progress(BaseModel):
    """What a batch found: `after` is its last order, None when there are no more.

    `broken` are streams that cannot be replayed, and why; `strays` are read models without a stream. Both stay as they
    are.
    """

    after: str | None
    checked: int = 0
    mended: list[str] = []
    broken: dict[str, str] = {}
    strays: list[str] = []


async def rebuild(settings: RebuildSettings) -> None:
    """Go through all orders by id, and print what is found.

    The audit trail is told who began it, which orders each transaction mended, and that it was done.
    """
    runner = web.AppRunner(_make_app(settings))
    await runner.setup()
    try:
        database = runner.app[DATABASE]
        await database.transaction(partial(_record, settings=settings, outcome="begun"))
        after: str | None = settings.rebuild_after
        while after is not None:
            last = await _last_of_batch(after, settings.rebuild_batch)
            check = partial(_check, settings=settings, after=after, last=last)
            progress = await database.transaction(check)
            sys.stdout.write(progress.model_dump_json() + "\n")
            sys.stdout.flush()
            after = progress.after
        await database.transaction(partial(_record, settings=settings, outcome="done"))
    finally:
        await runner.cleanup()


async def _record(work: Work, settings: RebuildSettings, outcome: str) -> None:
    await record(work, _deed(settings), ["orders"], outcome)


def _deed(settings: RebuildSettings) -> Deed[str]:
    """What is being done, as of now."""
    who = Caller(settings.rebuild_by, frozenset())
    return Deed(who, "rebuild", utcnow(), {"after": settings.rebuild_after})


async def _last_of_batch(after: str, size: int) -> str | None:
    """The order at which a batch ends; None when it ends with the last there is."""
    heads = StoredEvent.get_pymongo_collection().find(
        {"order_id": {"$gt": after}, "sequence": 1}, {"order_id": 1}
    )
    found = [head["order_id"] async for head in heads.sort("order_id").limit(size)]
    return found[-1] if len(found) == size else None


async def _check(work: Work, settings: RebuildSettings, after: str, last: str | None) -> Progress:
    """Compare the streams of these orders with their read models, and write those that differ."""
    span = {"$gt": after, **({"$lte": last} if last else {})}
    found = StoredOrder.get_pymongo_collection().find({"_id": span}, session=work.session)
    known = {document["_id"]: document async for document in found}
    progress = Progress(after=last)
    writes: list[ReplaceOne[dict[str, Any]]] = []
    async for order_id, stream in streams(span, work):
        progress.checked += 1
        stored = known.pop(order_id, None)
        try:
            order = replayed(stream)
        except ValueError as error:
            progress.broken[order_id] = _summary(error)
            continue
        if not _is(stored, order):
            progress.mended.append(order_id)
            writes.append(ReplaceOne({"_id": order_id}, {"order": order.model_dump()}, upsert=True))
    progress.strays = sorted(known)
    if writes:
        await StoredOrder.get_pymongo_collection().bulk_write(writes, session=work.session)
        await record(work, _deed(settings), progress.mended, f"{len(writes)} mended")
    return progress


def _is(stored: dict[str, Any] | None, order: Order) -> bool:
    try:
        return stored is not None and Order.model_validate(stored.get("order")) == order
    except ValidationError:
        return False


def _summary(error: ValueError) -> str:
    """Without the values: they may be somebody's address."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{wrong.field}: {wrong.message}" for wrong in field_errors(error))
    return str(error)


def _make_app(settings: RebuildSettings) -> web.Application:
    app = web.Application()
    app[READINESS] = Readiness()
    app.cleanup_ctx.append(mongo(settings, [StoredEvent, StoredOrder]))
    return app


if __name__ == "__main__":
    asyncio.run(rebuild(RebuildSettings()))
