"""Orders in version 2: one form, wherever an order is shown."""

from typing import Annotated, Any, Final, Self

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.compositions.order_page import OrderPage
from gateway.contract import Like
from gateway.endpoint import query_of
from gateway.upstreams import order as source
from gateway.upstreams.client import Calls
from gateway.upstreams.order import orders
from gateway.upstreams.payment import Payment
from gateway.v1 import orders as v1
from gateway.v2.paging import NextPage, next_page
from gateway.vocabulary import Degraded, OrderId, PaymentId, Reason, Status, Time, UserId
from services.chassis.http import reply
from services.contracts.money import Money


class CustomerOut(BaseModel):
    """Whose an order is."""

    user_id: UserId


class StateOut(BaseModel):
    """Where an order is, and how it got there."""

    status: Status
    reason: Reason
    history: Annotated[tuple[source.Entry, ...], Field(description="Every status that it entered.")]


class TotalsOut(BaseModel):
    """What an order costs."""

    subtotal: Annotated[Money, Field(description="Of all lines.")]
    discount: Annotated[Money, Field(description="What is taken off.")]
    shipping: Money
    total: Annotated[Money, Field(description="What is charged.")]

    @classmethod
    def of(cls, priced: source.Priced) -> Self:
        """What lines cost together."""
        return cls(**dict(priced))


class OrderOut(BaseModel):
    """An order."""

    order_id: OrderId
    customer: CustomerOut
    state: StateOut
    items: tuple[source.Line, ...]
    totals: TotalsOut
    shipping_address: Annotated[dict[str, str | None], Like(source.Address)]
    payment_id: PaymentId
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, order: source.Order, **more: Any) -> Self:
        """The order as version 2 shows it, with what is shown beyond it."""
        return cls(
            **dict(order),
            customer=CustomerOut(user_id=order.user_id),
            state=StateOut(status=order.status, reason=order.reason, history=order.timeline),
            totals=TotalsOut.of(order),
            **more,
        )


class OrderPageOut(OrderOut):
    """An order with its payment. There are no shipments yet."""

    payment: Annotated[Payment | None, Field(description="Null while there is none yet.")]
    shipment: None = None
    degraded: Degraded

    @classmethod
    def of_page(cls, page: OrderPage) -> Self:
        """The page as version 2 shows it."""
        return cls.of(page.order, payment=page.payment, degraded=page.degraded)


class OrderListOut(BaseModel):
    """One page of orders."""

    items: tuple[OrderOut, ...]
    next: NextPage

    @classmethod
    def of(cls, page: source.History, next_page: str | None) -> Self:
        """The page as version 2 shows it."""
        return cls(items=tuple(map(OrderOut.of, page.items)), next=next_page)


async def index(request: web.Request, calls: Calls) -> web.Response:
    """The caller's own orders."""
    found = await orders(calls, query_of(request))
    return reply(OrderListOut.of(found, next_page(request, found.next_cursor)))


page: Final = v1.page(OrderPageOut.of_page)

LIST: Final = v1.LIST.giving(OrderListOut)
PAGE: Final = v1.PAGE.giving(OrderPageOut)
