"""The audit trail: who did what to which dead letters, written with the deed or with its refusal."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from services.chassis.envelope import new_id
from services.chassis.errors import Conflict, NotFound
from services.chassis.identity import Caller
from services.chassis.mongo import DATABASE, Work
from services.operations.documents import AuditEntry
from services.operations.domain import Action


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does, when, and what they say to it: a note, a filter."""

    who: Caller
    action: Action
    at: datetime
    details: Mapping[str, Any]


async def record(work: Work, deed: Deed, subjects: Iterable[str], outcome: str) -> None:
    """Write one entry in the transaction of what it tells of."""
    entry = AuditEntry(
        id=new_id(),
        at=deed.at,
        user_id=deed.who.user_id,
        roles=sorted(deed.who.roles),
        action=deed.action,
        subjects=list(subjects),
        details=dict(deed.details),
        outcome=outcome,
    )
    await entry.insert(session=work.session)


@asynccontextmanager
async def refusals_recorded(app: web.Application, deed: Deed, subject: str) -> AsyncIterator[None]:
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
