"""Checkout: what an order would cost, before it is placed."""

from collections.abc import Callable
from typing import Annotated, Final, Self

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.compositions.checkout_preview import CheckoutPreview, Notice, checkout_preview
from gateway.contract import Contract
from gateway.endpoint import Handler, json_object, no_parameters
from gateway.upstreams import order as source
from gateway.upstreams.client import Calls
from gateway.v1.inputs import Input
from gateway.v1.orders import ORDERS
from gateway.v1.placing import AddressIn, Items, PaymentMethodIn
from gateway.vocabulary import Available, Degraded
from services.chassis.http import reply


class PreviewIn(Input):
    """What is thought of: an order, of which only the items are needed yet."""

    items: Items
    shipping_address: AddressIn | None = None
    payment_method: PaymentMethodIn | None = None


class PreviewLineOut(source.Line):
    """One line; `available` is null when it is not counted or unknown."""

    available: Available

    @classmethod
    def all_of(cls, preview: CheckoutPreview) -> tuple[Self, ...]:
        """The lines of a preview."""
        stock = preview.stock or {}
        return tuple(cls(**dict(line), available=stock.get(line.sku)) for line in preview.priced.items)


class PreviewOut(source.Priced):
    """What an order would be charged. There is no shipping to choose from yet."""

    items: tuple[PreviewLineOut, ...]
    shipping_options: Annotated[tuple[()], Field(examples=[[]])] = ()
    notices: Annotated[tuple[Notice, ...], Field(examples=[[]])]
    degraded: Degraded

    @classmethod
    def of(cls, preview: CheckoutPreview) -> Self:
        """The preview as version 1 shows it."""
        items = PreviewLineOut.all_of(preview)
        return cls(
            **dict(preview.priced) | {"items": items}, notices=preview.notices, degraded=preview.degraded
        )


def preview(show: Callable[[CheckoutPreview], BaseModel]) -> Handler:
    """What an order would cost that is only thought of, as `show` has it. Nothing is stored or reserved."""

    async def handle(request: web.Request, calls: Calls) -> web.Response:
        no_parameters(request)
        return reply(show(await checkout_preview(calls, await json_object(request))))

    return handle


PREVIEW: Final = Contract(
    ORDERS,
    "preview_checkout",
    "What an order would cost",
    "At the prices of this moment, with what stands in its way: a notice has a `code` for programs and a `detail` for "
    "people. Nothing is stored or reserved. A sku that is unknown or not on sale is 422.",
    takes=PreviewIn,
    gives={200: PreviewOut},
)
