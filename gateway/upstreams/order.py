"""What the gateway reads of the order service."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.contract import Like
from gateway.upstreams.client import Calls, Service, path
from gateway.vocabulary import (
    FullName,
    ImageUrl,
    OrderId,
    ProductId,
    ProductName,
    Quantity,
    Reason,
    Sequence,
    Sku,
    Status,
    Time,
)
from services.contracts.money import Money
from services.contracts.order import OrderStatus


class Entry(BaseModel):
    """The order entered `status`; `sequence` counts its statuses from 1."""

    sequence: Sequence
    status: OrderStatus
    at: Time


class Timeline(BaseModel):
    """Every status that an order entered, and why it was cancelled, if it was."""

    order_id: OrderId
    reason: Reason = None
    timeline: tuple[Entry, ...]


class Line(BaseModel):
    """One line of an order, as it was when it was placed."""

    sku: Sku
    product_id: ProductId
    name: ProductName
    image: ImageUrl | None = None
    quantity: Quantity
    unit_price: Money
    line_total: Money


class Address(BaseModel):
    """Where an order goes."""

    full_name: FullName
    phone: Annotated[str, Field(examples=["+4712345678"])] | None
    street: Annotated[str, Field(examples=["1 Main St"])]
    city: Annotated[str, Field(examples=["Oslo"])]
    state: Annotated[str, Field(examples=["Oslo"])] | None
    country: Annotated[str, Field(examples=["NO"])]
    postal_code: Annotated[str, Field(examples=["0150"])]


class Order(Timeline):
    """A whole order."""

    status: Status
    items: tuple[Line, ...]
    subtotal: Money
    discount: Money
    shipping: Money
    total: Money
    shipping_address: Annotated[dict[str, str | None], Like(Address)] = {}
    created_at: Time
    updated_at: Time


class Accepted(BaseModel):
    """An order that is stored and on its way."""

    order_id: OrderId
    status: OrderStatus


async def order(calls: Calls, order_id: str) -> Order:
    """One order. Raises NotFound for one that is not the caller's."""
    return await calls.read(Service.ORDER, path("orders", order_id), Order)


async def timeline(calls: Calls, order_id: str) -> Timeline:
    """The timeline of one order. Raises NotFound for one that is not the caller's."""
    return await calls.read(Service.ORDER, path("orders", order_id, "timeline"), Timeline)
