"""The order service's HTTP edge for operators."""

from aiohttp import web

from services.chassis.clock import utcnow
from services.chassis.deeds import Deed, refusals_recorded
from services.chassis.http import query, read, reply, reply_list
from services.chassis.idempotency import idempotent
from services.chassis.identity import Role, require
from services.chassis.mongo import Work
from services.chassis.pagination import decode_cursor, encode_cursor
from services.order.audit import record
from services.order.oversight import STUCK_AFTER, compensate, get_saga, list_sagas, resume
from services.order.saga_schemas import CompensateIn, Nothing, SagasPosition, SagasQuery
from services.order.schemas import StatusOut

saga_routes = web.RouteTableDef()


@saga_routes.get("/sagas")
async def index(request: web.Request) -> web.Response:
    """The sagas that are not over; the one that must be looked at first comes first."""
    require(request, Role.ADMIN)
    wanted = query(request, SagasQuery)
    after = decode_cursor(wanted.cursor, SagasPosition) if wanted.cursor else None
    since = utcnow() - request.app[STUCK_AFTER]
    found = await list_sagas(wanted, since, after, wanted.limit + 1)
    page = found[: wanted.limit]
    more = page[-1] if len(found) > wanted.limit else None
    return reply_list(
        page, encode_cursor(SagasPosition.model_validate(more, from_attributes=True)) if more else None
    )


@saga_routes.get("/sagas/{id}")
async def one(request: web.Request) -> web.Response:
    """One order's saga and its stream."""
    require(request, Role.ADMIN)
    return reply(await get_saga(request.match_info["id"], utcnow() - request.app[STUCK_AFTER]))


@saga_routes.post("/sagas/{id}/resume")
async def ask_again(request: web.Request) -> web.Response:
    """202: what the saga waits for is asked for again."""
    deed, order_id = Deed(require(request, Role.ADMIN), "resume", utcnow()), request.match_info["id"]

    async def use_case(work: Work) -> StatusOut:
        return StatusOut.of(await resume(work, deed, order_id))

    async with refusals_recorded(request.app, record, deed, order_id):
        return await idempotent(request, Nothing(), 202, use_case)


@saga_routes.post("/sagas/{id}/compensation")
async def turn_back(request: web.Request) -> web.Response:
    """202: what was done for the order is being undone, then it is cancelled."""
    who, order_id = require(request, Role.ADMIN), request.match_info["id"]
    body = await read(request, CompensateIn)
    deed = Deed(who, "compensate", utcnow(), {"reason": body.reason})

    async def use_case(work: Work) -> StatusOut:
        return StatusOut.of(await compensate(work, deed, order_id, body.reason))

    async with refusals_recorded(request.app, record, deed, order_id):
        return await idempotent(request, body, 202, use_case)
