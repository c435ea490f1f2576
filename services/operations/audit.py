"""The audit trail: who did what to what, written with the deed or with its refusal."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import Any

from services.chassis.deeds import Deed
from services.chassis.envelope import new_id
from services.chassis.errors import Refusal
from services.chassis.mongo import Work
from services.contracts.order import OperatorActed
from services.operations.documents import AuditEntry


async def record(work: Work, deed: Deed[str], subjects: Sequence[str], outcome: str) -> None:
    """Write one entry in the transaction of what it tells of."""
    await _entry(deed, subjects, outcome).insert(session=work.session)


async def record_told(work: Work, told: Iterable[OperatorActed]) -> None:
    """Write down what other services tell that somebody did there."""
    entries = [AuditEntry(id=new_id(), **one.model_dump()) for one in sorted(told, key=attrgetter("at"))]
    await AuditEntry.insert_many(entries, session=work.session)


@asynccontextmanager
async def witnessed(deed: Deed[str], subject: str) -> AsyncIterator[None]:
    """For a deed outside the database: written down before it is tried, and what came of it afterwards."""
    entry = await _entry(deed, [subject], "begun").insert()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    except Refusal as refusal:
        outcome = f"refused: {refusal.slug}"
        raise
    finally:
        await entry.set({"outcome": outcome})


async def find_entries(subject: str | None, before: str | None, limit: int) -> list[AuditEntry]:
    """What was done to `subject`, or to anything, the last first, from behind the entry `before`."""
    wanted: dict[str, Any] = {}
    if subject:
        wanted["subjects"] = subject
    if before:
        wanted["_id"] = {"$lt": before}
    return await AuditEntry.find(wanted).sort("-_id").limit(limit).to_list()


def _entry(deed: Deed[str], subjects: Sequence[str], outcome: str) -> AuditEntry:
    return AuditEntry(id=new_id(), **deed.entry(subjects, outcome))
