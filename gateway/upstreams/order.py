"""What the gateway reads of the order service."""

from typing import Annotated, Final
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from gateway.contract import Like
from gateway.upstreams.client import Calls, Service, path
from gateway.vocabulary import (
    FullName,
    ImageUrl,
    NextCursor,
    OrderId,
    PaymentId,
    ProductId,
    ProductName,
    Quantity,
    Reason,
    Sequence,
    Sku,
    Status,
    Time,
    UserId,
)
from services.contracts.money import Money
from services.contracts.order import OrderStatus

RECENT: Final = 5


class Entry(BaseModel):
    """The order entered `status`; `sequence` counts its statuses from 1."""

    sequence: Sequence
    status: OrderStatus
    at: Time


class StatusChange(BaseModel):
    """An order entered a status; `sequence` counts its statuses from 1, without a gap."""

    order_id: OrderId
    status: OrderStatus
    sequence: Sequence
    at: Time
    reason: Reason = None


class Change(StatusChange):
    """One of all the changes of a customer's orders. What comes behind it is had with its `cursor`."""

    cursor: str


class Changes(BaseModel):
    """What comes next, and the cursor behind it; with `more`, there is more at once."""

    items: tuple[Change, ...]
    cursor: str
    more: bool


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


class Priced(BaseModel):
    """Lines, and what they cost together."""

    items: tuple[Line, ...]
    subtotal: Money
    discount: Money
    shipping: Money
    total: Money


class Order(Priced, Timeline):
    """A whole order."""

    user_id: UserId
    status: Status
    shipping_address: Annotated[dict[str, str | None], Like(Address)] = {}
    payment_id: PaymentId
    created_at: Time
    updated_at: Time


class History(BaseModel):
    """One page of a customer's orders."""

    items: tuple[Order, ...]
    next_cursor: NextCursor = None


class OrderCounts(BaseModel):
    """How many orders there are in each status that one is in; not `complete`: at least so many."""

    by_status: Annotated[dict[OrderStatus, int], Field(examples=[{"CONFIRMED": 3}])]
    complete: Annotated[bool, Field(examples=[True])]


class Accepted(BaseModel):
    """An order that is stored and on its way."""

    order_id: OrderId
    status: OrderStatus


async def order(calls: Calls, order_id: str) -> Order:
    """One order. Raises NotFound for one that is not the caller's."""
    return await calls.read(Service.ORDER, path("orders", order_id), Order)


async def orders(calls: Calls, query: str) -> History:
    """Those of the caller's orders, newest first, that `query`, a query string with its question mark, asks for."""
    return await calls.read(Service.ORDER, "/orders" + query, History)


async def recent_orders(calls: Calls) -> tuple[Order, ...]:
    """The caller's last few orders, newest first."""
    return (await orders(calls, f"?limit={RECENT}")).items


async def order_counts(calls: Calls) -> OrderCounts:
    """How many orders the caller has."""
    return await calls.read(Service.ORDER, "/orders/counts", OrderCounts)


async def preview(calls: Calls, body: bytes) -> Priced:
    """What an order would be charged; `body` is as for placing it. Raises Invalid as placing it would."""
    return (await calls.ask(Service.ORDER, "POST", "/orders/preview", body=body)).read(Priced)


async def timeline(calls: Calls, order_id: str) -> Timeline:
    """The timeline of one order. Raises NotFound for one that is not the caller's."""
    return await calls.read(Service.ORDER, path("orders", order_id, "timeline"), Timeline)


async def changes(calls: Calls, cursor: str | None) -> Changes:
    """What happened to the caller's orders behind a cursor; without one nothing, and the cursor of now.

    Raises Invalid for what is no cursor of theirs, Conflict for one that is too old.
    """
    behind = f"?{urlencode({'cursor': cursor})}" if cursor is not None else ""
    return await calls.read(Service.ORDER, f"/orders/changes{behind}", Changes)
