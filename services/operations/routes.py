"""The operations service's HTTP edge for dead letters and the audit trail, for administrators alone."""

from aiohttp import web

from services.chassis.clock import utcnow
from services.chassis.deeds import Deed, refusals_recorded
from services.chassis.http import query, read, reply, reply_list
from services.chassis.idempotency import idempotent
from services.chassis.identity import Caller, Role, require
from services.chassis.mongo import Work
from services.chassis.pagination import decode_cursor, encode_cursor
from services.operations.audit import find_entries, record
from services.operations.domain import Action
from services.operations.schemas import (
    AuditPosition,
    AuditQuery,
    DiscardIn,
    DiscardManyIn,
    EntryOut,
    Input,
    LetterOut,
    ListQuery,
    ManyOut,
    Nothing,
    Position,
    ReplayManyIn,
    SummaryOut,
)
from services.operations.use_cases import get_letter, list_letters, settle_many, settle_one

routes = web.RouteTableDef()


@routes.get("/dead-letters")
async def index(request: web.Request) -> web.Response:
    """Those that fit, the last that died first."""
    require(request, Role.ADMIN)
    wanted = query(request, ListQuery)
    after = decode_cursor(wanted.cursor, Position) if wanted.cursor else None
    found = await list_letters(wanted, wanted.state, after, wanted.limit + 1)
    page = found[: wanted.limit]
    last = Position(died_at=page[-1].died_at, id=page[-1].id) if len(found) > wanted.limit else None
    return reply_list(page, encode_cursor(last) if last else None)


@routes.get("/dead-letters/{id}")
async def one(request: web.Request) -> web.Response:
    """One of them, with what it says."""
    require(request, Role.ADMIN)
    return reply(LetterOut.of(await get_letter(request.match_info["id"])))


@routes.post("/dead-letters/{id}/replay")
async def replay(request: web.Request) -> web.Response:
    """202: it is on its way to the queue where it died."""
    who = require(request, Role.ADMIN)
    return await _settle_one(request, who, "replay", Nothing(), 202)


@routes.post("/dead-letters/{id}/discard")
async def discard(request: web.Request) -> web.Response:
    """Lay one to rest."""
    who = require(request, Role.ADMIN)
    return await _settle_one(request, who, "discard", await read(request, DiscardIn), 200)


@routes.post("/dead-letters/replay")
async def replay_many(request: web.Request) -> web.Response:
    """202: those that fit, so many at most, are on their way."""
    who = require(request, Role.ADMIN)
    return await _settle_many(request, who, "replay", await read(request, ReplayManyIn), 202)


@routes.post("/dead-letters/discard")
async def discard_many(request: web.Request) -> web.Response:
    """Lay those to rest that fit, so many at most."""
    who = require(request, Role.ADMIN)
    return await _settle_many(request, who, "discard", await read(request, DiscardManyIn), 200)


@routes.get("/audit")
async def trail(request: web.Request) -> web.Response:
    """Who did what, the last first."""
    require(request, Role.ADMIN)
    wanted = query(request, AuditQuery)
    before = decode_cursor(wanted.cursor, AuditPosition).before if wanted.cursor else None
    found = await find_entries(wanted.subject, before, wanted.limit + 1)
    page = [EntryOut.of(entry) for entry in found[: wanted.limit]]
    last = AuditPosition(before=page[-1].id) if len(found) > wanted.limit else None
    return reply_list(page, encode_cursor(last) if last else None)


async def _settle_one(
    request: web.Request, who: Caller, action: Action, body: Input, status: int
) -> web.Response:
    deed, id = _deed(who, action, body), request.match_info["id"]

    async def use_case(work: Work) -> SummaryOut:
        return SummaryOut.of(await settle_one(work, deed, id))

    async with refusals_recorded(request.app, record, deed, id):
        return await idempotent(request, body, status, use_case)


async def _settle_many(
    request: web.Request, who: Caller, action: Action, body: ReplayManyIn, status: int
) -> web.Response:
    deed = _deed(who, action, body)

    async def use_case(work: Work) -> ManyOut:
        return await settle_many(work, deed, body, body.limit)

    return await idempotent(request, body, status, use_case)


def _deed(who: Caller, action: Action, body: Input) -> Deed[Action]:
    return Deed(who, action, utcnow(), body.model_dump(mode="json", exclude_none=True))
