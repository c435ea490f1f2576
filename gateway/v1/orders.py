"""Orders, shown with their payment."""

from collections.abc import Callable
from typing import Annotated, Final, Self, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.compositions.order_page import OrderPage, order_page
from gateway.contract import Contract, Events, Like, Tag
from gateway.endpoint import Handler
from gateway.live.stream import EventsQuery
from gateway.upstreams import order as source
from gateway.upstreams.client import Calls
from gateway.upstreams.payment import Payment
from gateway.v1.inputs import Input, Note, PageQuery
from gateway.vocabulary import (
    Degraded,
    NextCursor,
    OrderId,
    PaymentId,
    Reason,
    Status,
    Time,
    UserId,
)
from services.chassis.http import reply
from services.contracts.money import Money
from services.contracts.order import OrderStatus

ORDERS: Final = Tag(
    "Orders", "Accepted at once, then carried through reservation, payment and confirmation, or undone."
)

Shown = TypeVar("Shown", bound=BaseModel)
"""An order, as a version shows it."""

_EventId = Annotated[
    str,
    Field(
        pattern="^[0-9]{1,9}$",
        description="The id of the last event that was seen; the stream goes on behind it.",
        examples=["2"],
    ),
]


class OrderPath(BaseModel):
    """Which order."""

    id: OrderId


class CancelIn(Input):
    """Why it is cancelled."""

    reason: Note


class OrdersQuery(PageQuery):
    """Which of the caller's orders."""

    status: OrderStatus | None = None


class EventsHeaders(BaseModel):
    """Where to go on."""

    last_event_id: _EventId | None = Field(None, alias="Last-Event-ID")


class OrderOut(source.Priced, source.Timeline):
    """A whole order. There are no shipments yet."""

    status: Status
    shipping_address: Annotated[dict[str, str | None], Like(source.Address)]
    created_at: Time
    updated_at: Time
    payment: Annotated[Payment | None, Field(description="Null while there is none yet.")]
    shipment: None = None
    degraded: Degraded

    @classmethod
    def of(cls, page: OrderPage) -> Self:
        """The page as version 1 shows it."""
        return cls(**vars(page.order), payment=page.payment, degraded=page.degraded)


class ListedOrder(BaseModel):
    """An order in a list."""

    order_id: OrderId
    status: Status
    reason: Reason
    items: tuple[source.Line, ...]
    total: Money
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, order: source.Order) -> Self:
        """The order as version 1 shows it beside others."""
        return cls(**dict(order))


class StatusOut(BaseModel):
    """Where an order is."""

    order_id: OrderId
    status: Status
    reason: Reason
    updated_at: Time


class ListedOrderOut(StatusOut):
    """An order as it was placed, and where it is."""

    user_id: UserId
    items: tuple[source.Line, ...]
    subtotal: Money
    discount: Money
    shipping: Money
    total: Money
    shipping_address: source.Address
    payment_id: PaymentId
    timeline: tuple[source.Entry, ...]
    created_at: Time


class OrderListOut(BaseModel):
    """One page of orders."""

    items: tuple[ListedOrderOut, ...]
    next_cursor: NextCursor


def page(show: Callable[[OrderPage], BaseModel]) -> Handler:
    """One order, as `show` has it."""

    async def handle(request: web.Request, calls: Calls) -> web.Response:
        return reply(show(await order_page(calls, request.match_info["id"])))

    return handle


def shown(
    orders: tuple[source.Order, ...] | None, show: Callable[[source.Order], Shown]
) -> tuple[Shown, ...] | None:
    """Orders beside other things, as `show` has each; none where they could not be had."""
    return None if orders is None else tuple(map(show, orders))


LIST: Final = Contract(
    ORDERS,
    "list_orders",
    "Your orders",
    "The newest first.",
    query=OrdersQuery,
    gives={200: OrderListOut},
)

PAGE: Final = Contract(
    ORDERS,
    "get_order",
    "Look at an order",
    "Support and admin may look at everybody's.",
    path=OrderPath,
    gives={200: OrderOut},
)

STATUS: Final = Contract(
    ORDERS,
    "get_order_status",
    "Where an order is",
    path=OrderPath,
    gives={200: StatusOut},
)

EVENTS: Final = Contract(
    ORDERS,
    "watch_order",
    "Watch an order",
    "Server-sent events: every status that the order has entered, then each as it is entered. "
    "The stream ends at CONFIRMED or CANCELLED. One that breaks is resumed by `Last-Event-ID`, on whichever server; "
    "lines that begin with a colon keep it open. It also ends when the access token expires. Browsers show a ticket of "
    "`POST /live/tickets`.",
    path=OrderPath,
    query=EventsQuery,
    headers=EventsHeaders,
    gives={
        200: Events("order.status", source.StatusChange),
        204: "All of it has been seen, and it has ended.",
    },
)

CANCEL: Final = Contract(
    ORDERS,
    "cancel_order",
    "Cancel an order",
    "What was done for it is undone first: stock is released, money given back. CANCELLED is said when that is done.",
    path=OrderPath,
    takes=CancelIn,
    gives={202: StatusOut},
    refuses={409: {"order-not-cancellable": "It has ended, or it is being cancelled already."}},
)
