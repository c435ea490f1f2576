"""What operators do to orders, for the audit trail: it leaves through the outbox, with the deed or with its refusal."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from services.chassis.envelope import new_id
from services.chassis.errors import Conflict, NotFound
from services.chassis.identity import Caller
from services.chassis.mongo import DATABASE, Work
from services.contracts.order import OperatorActed


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does, when, and what they say to it."""

    who: Caller
    action: str
    at: datetime
    details: Mapping[str, str] = field(default_factory=dict)


def tell(work: Work, deed: Deed, subjects: Sequence[str], outcome: str) -> None:
    """Have an entry written, once the transaction of what it tells of is committed."""
    entry = OperatorActed(
        at=deed.at,
        user_id=deed.who.user_id,
        roles=tuple(sorted(deed.who.roles)),
        action=deed.action,
        subjects=tuple(subjects),
        details=dict(deed.details),
        outcome=outcome,
    )
    work.emit(f"audit/{new_id()}", 1, entry)


@asynccontextmanager
async def refusals_told(app: web.Application, deed: Deed, order_id: str) -> AsyncIterator[None]:
    """Tell of what is refused inside: the deed's own transaction is undone, and what it tells with it."""
    try:
        yield
    except (Conflict, NotFound) as refusal:
        outcome = f"refused: {refusal.slug}"

        async def refused(work: Work) -> None:
            tell(work, deed, [order_id], outcome)

        await app[DATABASE].transaction(refused)
        raise
