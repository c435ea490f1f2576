"""The order service's HTTP edge."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aiohttp import web

from services.chassis.clock import utcnow
from services.chassis.errors import Overloaded, Refusal
from services.chassis.group_commit import GroupCommit
from services.chassis.http import query, read, reply, reply_list
from services.chassis.idempotency import Ask, idempotent
from services.chassis.identity import caller
from services.chassis.mongo import DATABASE, Work
from services.chassis.pagination import decode_cursor, encode_cursor
from services.order.changes import changes_of
from services.order.crowding import CROWD, RETRY_SECONDS
from services.order.schemas import (
    CancelIn,
    ChangesPosition,
    ChangesQuery,
    HistoryPosition,
    HistoryQuery,
    OrderOut,
    PlaceOrderIn,
    PreviewIn,
    PreviewOut,
    StatusOut,
    TimelineOut,
)
from services.order.use_cases import (
    cancel_order,
    count_orders,
    get_order,
    list_orders,
    place_orders,
    preview_order,
)

SAGA_DEADLINE = web.AppKey("SAGA_DEADLINE", timedelta)
PLACING: Final = web.AppKey("PLACING", GroupCommit[PlaceOrderIn])
routes = web.RouteTableDef()


@routes.post("/orders")
async def place(request: web.Request) -> web.Response:
    """202: the order is stored and on its way."""
    return await request.app[PLACING].answer(request, await read(request, PlaceOrderIn), 202)


async def place_together(work: Work, asks: Sequence[Ask[PlaceOrderIn]]) -> list[StatusOut | Refusal]:
    """Place orders that came at the same time, unless there are too many on their way already."""
    if work.app[CROWD].too_many:
        return [Overloaded("orders take too long at the moment", retry_after=RETRY_SECONDS)] * len(asks)
    outcomes = await place_orders(work, asks, work.app[SAGA_DEADLINE], utcnow())
    return [outcome if isinstance(outcome, Refusal) else StatusOut.of(outcome) for outcome in outcomes]


@routes.post("/orders/preview")
async def preview(request: web.Request) -> web.Response:
    """What an order would be charged. Nothing is stored."""
    caller(request)
    return reply(PreviewOut.of(await preview_order((await read(request, PreviewIn)).items)))


@routes.get("/orders/counts")
async def counts(request: web.Request) -> web.Response:
    """How many orders the caller has in each status."""
    return reply(await count_orders(caller(request)))


@routes.get("/orders/changes")
async def changes(request: web.Request) -> web.Response:
    """Every status that an order of the caller entered behind a cursor, each once."""
    wanted = query(request, ChangesQuery)
    after = decode_cursor(wanted.cursor, ChangesPosition) if wanted.cursor is not None else None
    return reply(await changes_of(request.app[DATABASE], caller(request), after, wanted.limit, utcnow()))


@routes.get("/orders")
async def history(request: web.Request) -> web.Response:
    """The caller's own orders, newest first."""
    wanted = query(request, HistoryQuery)
    before = decode_cursor(wanted.cursor, HistoryPosition).before if wanted.cursor else None
    orders = await list_orders(caller(request), wanted.status, before, wanted.limit + 1)
    page = orders[: wanted.limit]
    more = encode_cursor(HistoryPosition(before=page[-1].order_id)) if len(orders) > wanted.limit else None
    return reply_list([OrderOut.of(order) for order in page], more)


@routes.get("/orders/{id}")
async def one(request: web.Request) -> web.Response:
    """One order, whole."""
    return reply(OrderOut.of(await get_order(caller(request), request.match_info["id"])))


@routes.get("/orders/{id}/status")
async def status(request: web.Request) -> web.Response:
    """Where one order is."""
    return reply(StatusOut.of(await get_order(caller(request), request.match_info["id"])))


@routes.get("/orders/{id}/timeline")
async def timeline(request: web.Request) -> web.Response:
    """Every status that one order entered."""
    order = await get_order(caller(request), request.match_info["id"])
    return reply(TimelineOut(order_id=order.order_id, reason=order.reason, timeline=order.timeline))


@routes.post("/orders/{id}/cancellation")
async def cancel(request: web.Request) -> web.Response:
    """202: the order is being cancelled; what was done for it is undone first."""
    who, order_id = caller(request), request.match_info["id"]
    body = await read(request, CancelIn)

    async def use_case(work: Work) -> StatusOut:
        return StatusOut.of(await cancel_order(work, who, order_id, body.reason, utcnow()))

    return await idempotent(request, body, 202, use_case)
