"""What the staff does, for the audit trail: told with the deed, or with its refusal. Each service says how it tells."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from aiohttp import web

from services.chassis.errors import Conflict, NotFound
from services.chassis.identity import Caller
from services.chassis.mongo import DATABASE, Work

A_co = TypeVar("A_co", bound=str, covariant=True)


@dataclass(frozen=True, slots=True)
class Deed(Generic[A_co]):
    """What somebody does, when, and what they say to it: a note, a filter, a new value."""

    who: Caller
    action: A_co
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)

    def entry(self, subjects: Iterable[str], outcome: str) -> dict[str, Any]:
        """The fields of its entry: what it was done to, and what came of it."""
        return {
            "at": self.at,
            "user_id": self.who.user_id,
            "roles": sorted(self.who.roles),
            "action": self.action,
            "subjects": list(subjects),
            "details": dict(self.details),
            "outcome": outcome,
        }


Record = Callable[[Work, Deed[str], Sequence[str], str], Awaitable[None]]
"""Has an entry written in the transaction of what it tells of: `record(work, deed, subjects, outcome)`."""


@asynccontextmanager
async def refusals_recorded(
    app: web.Application, record: Record, deed: Deed[str], subject: str
) -> AsyncIterator[None]:
    """Record what is refused inside: the deed's own transaction is undone, and its entry with it."""
    try:
        yield
    except (Conflict, NotFound) as refusal:
        outcome = f"refused: {refusal.slug}"
        await app[DATABASE].transaction(lambda work: record(work, deed, [subject], outcome))
        raise
