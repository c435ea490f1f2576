"""The inventory service's HTTP edge."""

from aiohttp import web
from pydantic import ValidationError

from services.chassis.clock import utcnow
from services.chassis.errors import Invalid
from services.chassis.http import field_errors, query, read, reply
from services.chassis.idempotency import idempotent
from services.chassis.identity import STAFF, Role, require
from services.chassis.mongo import DATABASE, Work
from services.inventory.schemas import (
    AdjustmentIn,
    AvailabilityOut,
    AvailabilityQuery,
    AvailableOut,
    ReservationOut,
    SkuPath,
    StockOut,
    StockPatch,
)
from services.inventory.use_cases import adjust_stock, change_stock, find_stock, get_reservation, get_stock

routes = web.RouteTableDef()


def _sku(request: web.Request) -> str:
    try:
        return SkuPath(sku=request.match_info["sku"]).sku
    except ValidationError as error:
        raise Invalid("no sku looks like that", errors=field_errors(error)) from error


@routes.get("/stock")
async def availability(request: web.Request) -> web.Response:
    """What can be sold of each of these skus, for everyone to see."""
    found = await find_stock(query(request, AvailabilityQuery).skus)
    items = tuple(AvailableOut(sku=stock.sku, available=stock.available) for stock in found)
    return reply(AvailabilityOut(items=items))


@routes.get("/stock/{sku}")
async def one(request: web.Request) -> web.Response:
    """The truth about one sku."""
    require(request, *STAFF)
    return reply(StockOut.of(await get_stock(_sku(request))))


@routes.get("/sagas/{order_id}")
async def share_of_saga(request: web.Request) -> web.Response:
    """The reservation of an order, as operators see it."""
    require(request, Role.ADMIN)
    return reply(ReservationOut.of(await get_reservation(request.match_info["order_id"])))


@routes.post("/stock/{sku}/adjustments")
async def adjust(request: web.Request) -> web.Response:
    """The stock after something was counted in or out."""
    user_id = require(request, *STAFF).user_id
    body, sku = await read(request, AdjustmentIn), _sku(request)

    async def use_case(work: Work) -> StockOut:
        return StockOut.of(await adjust_stock(work, sku, body.delta, body.reason, user_id, utcnow()))

    return await idempotent(request, body, 200, use_case)


@routes.patch("/stock/{sku}")
async def change(request: web.Request) -> web.Response:
    """The stock after its threshold was set, or whether it is tracked."""
    require(request, *STAFF)
    body, sku = await read(request, StockPatch), _sku(request)

    async def use_case(work: Work) -> StockOut:
        return StockOut.of(await change_stock(work, sku, body.low_stock_threshold, body.track, utcnow()))

    return reply(await request.app[DATABASE].transaction(use_case))
