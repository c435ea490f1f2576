"""How an order is placed."""

from typing import Annotated, Final, Literal, Self

from aiohttp import web
from pydantic import Field

from gateway.contract import Contract
from gateway.endpoint import json_object
from gateway.upstreams import order as source
from gateway.upstreams.client import Calls, Service
from gateway.v1.inputs import Input
from gateway.v1.orders import ORDERS
from gateway.vocabulary import FullName, Quantity, Sku
from services.chassis.http import reply
from services.contracts.payment import SandboxToken

_Text = Annotated[str, Field(min_length=1, max_length=200)]


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


class AcceptedOut(source.Accepted):
    """An order that is on its way, and where to watch it."""

    status_url: Annotated[
        str, Field(examples=["/api/{version}/orders/01a208bc0f2e7c31b8d3a0f54c6e9d12/status"])
    ]
    events_url: Annotated[
        str, Field(examples=["/api/{version}/orders/01a208bc0f2e7c31b8d3a0f54c6e9d12/events"])
    ]

    @classmethod
    def of(cls, accepted: source.Accepted, orders: str) -> Self:
        """The order as it is answered; `orders` is the path of all orders, in the version that was asked."""
        url = f"{orders}/{accepted.order_id}"
        return cls(**dict(accepted), status_url=f"{url}/status", events_url=f"{url}/events")


async def place(request: web.Request, calls: Calls) -> web.Response:
    """202: the order is stored and on its way."""
    answer = await calls.ask(Service.ORDER, "POST", "/orders", body=await json_object(request))
    return reply(AcceptedOut.of(answer.read(source.Accepted), request.path), answer.status)


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
