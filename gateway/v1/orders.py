"""Orders: placed, and shown with their payment."""

from typing import Annotated, Final, Literal, Self

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.compositions.order_page import OrderPage, order_page
from gateway.contract import Contract, Events, Tag
from gateway.endpoint import json_object
from gateway.live.progress import StatusChange
from gateway.upstreams import order as source
from gateway.upstreams.client import Calls, Service
from gateway.upstreams.payment import Payment
from gateway.v1.inputs import Input, Note, PageQuery
from gateway.vocabulary import (
    Degraded,
    FullName,
    NextCursor,
    OrderId,
    PaymentId,
    Quantity,
    Reason,
    Sku,
    Status,
    Time,
    UserId,
)
from services.chassis.http import reply
from services.contracts.money import Money
from services.contracts.order import OrderStatus
from services.contracts.payment import SandboxToken

ORDERS: Final = Tag(
    "Orders", "Accepted at once, then carried through reservation, payment and confirmation, or undone."
)

_Text = Annotated[str, Field(min_length=1, max_length=200)]
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


class ItemIn(Input):
    """So many of one sku."""

    sku: Annotated[Sku, Field(min_length=1, max_length=100)]
    quantity: Annotated[Quantity, Field(ge=1, le=1000)]


class AddressIn(Input):
    """Where it goes."""

    full_name: Annotated[FullName, Field(min_length=1, max_length=200)]
    phone: Annotated[_Text, Field(examples=["+4712345678"])] | None = None
    street: Annotated[_Text, Field(examples=["1 Main St"])]
    city: Annotated[_Text, Field(examples=["Oslo"])]
    state: Annotated[_Text, Field(examples=["Oslo"])] | None = None
    country: Annotated[_Text, Field(examples=["NO"])]
    postal_code: Annotated[str, Field(min_length=1, max_length=20, examples=["0150"])]


class PaymentMethodIn(Input):
    """How it is paid."""

    provider: Annotated[Literal["sandbox"], Field(description="Who takes the money.")]
    token: Annotated[
        SandboxToken, Field(description="What the provider gave for the card. The sandbox's are scripts.")
    ]


Items = Annotated[tuple[ItemIn, ...], Field(min_length=1, max_length=100, description="Each sku once.")]


class PlaceOrderIn(Input):
    """An order."""

    items: Items
    shipping_address: AddressIn
    payment_method: PaymentMethodIn


class CancelIn(Input):
    """Why it is cancelled."""

    reason: Note


class OrdersQuery(PageQuery):
    """Which of the caller's orders."""

    status: OrderStatus | None = None


class EventsQuery(Input):
    """How far."""

    follow: Annotated[
        bool, Field(description="On beyond the confirmation: to DELIVERED, CANCELLED or REFUNDED.")
    ] = False


class EventsHeaders(BaseModel):
    """Where to go on."""

    last_event_id: _EventId | None = Field(None, alias="Last-Event-ID")


class AcceptedOut(source.Accepted):
    """An order that is on its way, and where to watch it."""

    status_url: Annotated[str, Field(examples=["/api/v1/orders/01a208bc0f2e7c31b8d3a0f54c6e9d12/status"])]
    events_url: Annotated[str, Field(examples=["/api/v1/orders/01a208bc0f2e7c31b8d3a0f54c6e9d12/events"])]

    @classmethod
    def of(cls, accepted: source.Accepted) -> Self:
        """The order as version 1 answers it."""
        url = f"/api/v1/orders/{accepted.order_id}"
        return cls(**dict(accepted), status_url=f"{url}/status", events_url=f"{url}/events")


class OrderOut(source.Order):
    """A whole order. There are no shipments yet."""

    payment: Annotated[Payment | None, Field(description="Null while there is none yet.")]
    shipment: None = None
    degraded: Degraded

    @classmethod
    def of(cls, page: OrderPage) -> Self:
        """The page as version 1 shows it."""
        return cls(**dict(page.order), payment=page.payment, degraded=page.degraded)


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


async def place(request: web.Request, calls: Calls) -> web.Response:
    """202: the order is stored and on its way."""
    answer = await calls.ask(Service.ORDER, "POST", "/orders", body=await json_object(request))
    return reply(AcceptedOut.of(answer.read(source.Accepted)), answer.status)


async def page(request: web.Request, calls: Calls) -> web.Response:
    """One order."""
    found = await order_page(calls, request.match_info["id"])
    return reply(OrderOut.of(found))


_TOKENS: Final = """
The sandbox's tokens script what happens:

| token | the payment |
| --- | --- |
| `tok_approve` | is approved |
| `tok_decline` | is declined: the order is CANCELLED with `payment_declined` |
| `tok_timeout` | is never answered: CANCELLED with `payment_timeout` or `deadline_exceeded` |
| `tok_slow` | is approved after 2 s, by webhook |
| `tok_flaky` | fails twice at the provider, then is approved |
| `tok_capture_fails` | is approved, but the amount cannot be taken |
| `tok_webhook_twice`, `tok_webhook_early` | is approved, with a webhook that comes twice, or before the answer |
"""

PLACE: Final = Contract(
    ORDERS,
    "place_order",
    "Place an order",
    "The answer comes as soon as the order is stored; what becomes of it is told by `events_url` and `status_url`. "
    "Prices are those of the catalogue at this moment. A sku that is unknown or not on sale is 422.\n"
    + _TOKENS,
    takes=PlaceOrderIn,
    gives={202: AcceptedOut},
)

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
    "lines that begin with a colon keep it open. It also ends when the access token expires.",
    path=OrderPath,
    query=EventsQuery,
    headers=EventsHeaders,
    gives={200: Events("order.status", StatusChange), 204: "All of it has been seen, and it has ended."},
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
