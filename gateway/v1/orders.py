"""Orders: placed, and shown with their payment."""

from typing import Self

from aiohttp import web

from gateway.compositions.order_page import OrderPage, order_page
from gateway.compositions.page import OPTIONAL_SECONDS
from gateway.endpoint import json_object
from gateway.upstreams import order as source
from gateway.upstreams.client import Calls, Service
from gateway.upstreams.payment import Payment
from services.chassis.http import reply


class AcceptedOut(source.Accepted):
    """An order that is on its way, and where to watch it."""

    status_url: str
    events_url: str

    @classmethod
    def of(cls, accepted: source.Accepted) -> Self:
        """The order as version 1 answers it."""
        url = f"/api/v1/orders/{accepted.order_id}"
        return cls(**dict(accepted), status_url=f"{url}/status", events_url=f"{url}/events")


class OrderOut(source.Order):
    """A whole order. There are no shipments yet."""

    payment: Payment | None
    shipment: None = None
    degraded: tuple[str, ...]

    @classmethod
    def of(cls, page: OrderPage) -> Self:
        """The page as version 1 shows it."""
        return cls(**dict(page.order), payment=page.payment, degraded=page.degraded)


async def place(request: web.Request, calls: Calls) -> web.Response:
    """202: the order is stored and on its way."""
    answer = await calls.ask(Service.ORDER, "POST", "/orders", body=await json_object(request))
    return reply(AcceptedOut.of(answer.read(source.Accepted)), answer.status)


async def page(request: web.Request, calls: Calls) -> web.Response:
    """One order."""
    found = await order_page(calls, request.app[OPTIONAL_SECONDS], request.match_info["id"])
    return reply(OrderOut.of(found))
