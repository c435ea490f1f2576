"""The payment service's HTTP edge."""

from collections.abc import Mapping

from aiohttp import web

from services.chassis.clock import utcnow
from services.chassis.errors import NotFound
from services.chassis.http import query, read_body, reply
from services.chassis.identity import Role, caller, require
from services.chassis.mongo import DATABASE
from services.payment.providers.port import PaymentProvider
from services.payment.schemas import PaymentOut, PaymentsOut, PaymentsQuery, ReceiptOut, SagaPaymentOut
from services.payment.use_cases import find_payments, get_payment, get_saga_payment, take_notice

PROVIDERS: web.AppKey[Mapping[str, PaymentProvider]] = web.AppKey("PROVIDERS")
routes = web.RouteTableDef()


@routes.get("/payments")
async def several(request: web.Request) -> web.Response:
    """The caller's payments of these orders, for pages that are composed of many."""
    found = await find_payments(caller(request), query(request, PaymentsQuery).order_ids)
    return reply(PaymentsOut(items=tuple(PaymentOut.of(payment) for payment in found)))


@routes.get("/payments/{id}")
async def one(request: web.Request) -> web.Response:
    """One payment, for its owner, support and admin."""
    return reply(PaymentOut.of(await get_payment(caller(request), request.match_info["id"])))


@routes.get("/sagas/{order_id}")
async def share_of_saga(request: web.Request) -> web.Response:
    """The payment of an order, as operators see it."""
    require(request, Role.ADMIN)
    return reply(SagaPaymentOut.of(await get_saga_payment(request.match_info["order_id"])))


@routes.post("/webhooks/{provider}")
async def webhook(request: web.Request) -> web.Response:
    """What a provider says by itself. Who signs it is whom we believe; a repetition has no second effect."""
    name = request.match_info["provider"]
    provider = request.app[PROVIDERS].get(name)
    if provider is None:
        raise NotFound("there is no such provider")
    now = utcnow()
    notice = provider.read_webhook(request.headers, await read_body(request), now)
    if notice:
        await request.app[DATABASE].transaction(lambda work: take_notice(work, name, notice, now))
    return reply(ReceiptOut())
