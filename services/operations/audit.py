"""The audit trail: who did what to what, written with the deed or with its refusal."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

from aiohttp import web

from services.chassis.envelope import new_id
from services.chassis.errors import Conflict, NotFound, Refusal
from services.chassis.identity import Caller
from services.chassis.mongo import DATABASE, Work
from services.contracts.order import OperatorActed
from services.operations.documents import AuditEntry

A_co = TypeVar("A_co", bound=str, covariant=True)


@dataclass(frozen=True, slots=True)
class Deed(Generic[A_co]):
    """What somebody does, when, and what they say to it: a note, a filter, a new value."""

    who: Caller
    action: A_co
    at: datetime
    details: Mapping[str, Any]


async def record(work: Work, deed: Deed[str], subjects: Iterable[str], outcome: str) -> None:
    """Write one entry in the transaction of what it tells of."""
    await _entry(deed, subjects, outcome).insert(session=work.session)


async def record_told(work: Work, told: Iterable[OperatorActed]) -> None:
    """Write down what other services tell that somebody did there."""
    entries = [AuditEntry(id=new_id(), **one.model_dump()) for one in sorted(told, key=attrgetter("at"))]
    await AuditEntry.insert_many(entries, session=work.session)


def _entry(deed: Deed[str], subjects: Iterable[str], outcome: str) -> AuditEntry:
    return AuditEntry(
        id=new_id(),
        at=deed.at,
        user_id=deed.who.user_id,
        roles=sorted(deed.who.roles),
        action=deed.action,
        subjects=list(subjects),
        details=dict(deed.details),
        outcome=outcome,
    )


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


@asynccontextmanager
async def refusals_recorded(app: web.Application, deed: Deed[str], subject: str) -> AsyncIterator[None]:
    """Write down what is refused inside: the deed's own transaction is undone, and its entry with it."""
    try:
        yield
    except (Conflict, NotFound) as refusal:
        outcome = f"refused: {refusal.slug}"
        await app[DATABASE].transaction(lambda work: record(work, deed, [subject], outcome))
        raise


async def find_entries(subject: str | None, before: str | None, limit: int) -> list[AuditEntry]:
    """What was done to `subject`, or to anything, the last first, from behind the entry `before`."""
    wanted: dict[str, Any] = {}
    if subject:
        wanted["subjects"] = subject
    if before:
        wanted["_id"] = {"$lt": before}
    return await AuditEntry.find(wanted).sort("-_id").limit(limit).to_list()
