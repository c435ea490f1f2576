"""What the gateway reads of the order service."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel

from gateway.upstreams.client import Calls, Service, path
from services.contracts.money import Money
from services.contracts.order import CancelReason, OrderStatus

RECENT: Final = 5


class Entry(BaseModel):
    """The order entered `status`; `sequence` counts its statuses from 1."""

    sequence: int
    status: OrderStatus
    at: datetime


class Timeline(BaseModel):
    """Every status that an order entered, and why it was cancelled, if it was."""

    order_id: str
    reason: CancelReason | None = None
    timeline: tuple[Entry, ...]


class Line(BaseModel):
    """One line of an order, as it was when it was placed."""

    sku: str
    product_id: str | None = None
    name: str
    image: str | None = None
    quantity: int
    unit_price: Money
    line_total: Money


class Priced(BaseModel):
    """Lines, and what they cost together."""

    items: tuple[Line, ...]
    subtotal: Money
    discount: Money
    shipping: Money
    total: Money


class Order(Priced, Timeline):
    """A whole order."""

    status: OrderStatus
    shipping_address: dict[str, str | None] = {}
    created_at: datetime
    updated_at: datetime


class ListedOrder(BaseModel):
    """An order in a list."""

    order_id: str
    status: OrderStatus
    reason: CancelReason | None = None
    items: tuple[Line, ...]
    total: Money
    created_at: datetime
    updated_at: datetime


class _History(BaseModel):
    items: tuple[ListedOrder, ...]


class OrderCounts(BaseModel):
    """How many orders there are in each status that one is in; not `complete`: at least so many."""

    by_status: dict[OrderStatus, int]
    complete: bool


class Accepted(BaseModel):
    """An order that is stored and on its way."""

    order_id: str
    status: OrderStatus


async def order(calls: Calls, order_id: str) -> Order:
    """One order. Raises NotFound for one that is not the caller's."""
    return await calls.read(Service.ORDER, path("orders", order_id), Order)


async def recent_orders(calls: Calls) -> tuple[ListedOrder, ...]:
    """The caller's last few orders, newest first."""
    return (await calls.read(Service.ORDER, f"/orders?limit={RECENT}", _History)).items


async def order_counts(calls: Calls) -> OrderCounts:
    """How many orders the caller has."""
    return await calls.read(Service.ORDER, "/orders/counts", OrderCounts)


async def preview(calls: Calls, body: bytes) -> Priced:
    """What an order would be charged; `body` is as for placing it. Raises Invalid as placing it would."""
    return (await calls.ask(Service.ORDER, "POST", "/orders/preview", body=body)).read(Priced)


async def timeline(calls: Calls, order_id: str) -> Timeline:
    """The timeline of one order. Raises NotFound for one that is not the caller's."""
    return await calls.read(Service.ORDER, path("orders", order_id, "timeline"), Timeline)
