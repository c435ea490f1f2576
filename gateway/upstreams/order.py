"""What the gateway reads of the order service."""

from datetime import datetime

from pydantic import BaseModel

from gateway.upstreams.client import Calls, Service, path
from services.contracts.money import Money
from services.contracts.order import CancelReason, OrderStatus


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


class Order(Timeline):
    """A whole order."""

    status: OrderStatus
    items: tuple[Line, ...]
    subtotal: Money
    discount: Money
    shipping: Money
    total: Money
    shipping_address: dict[str, str | None] = {}
    created_at: datetime
    updated_at: datetime


class Accepted(BaseModel):
    """An order that is stored and on its way."""

    order_id: str
    status: OrderStatus


async def order(calls: Calls, order_id: str) -> Order:
    """One order. Raises NotFound for one that is not the caller's."""
    return await calls.read(Service.ORDER, path("orders", order_id), Order)


async def timeline(calls: Calls, order_id: str) -> Timeline:
    """The timeline of one order. Raises NotFound for one that is not the caller's."""
    return await calls.read(Service.ORDER, path("orders", order_id, "timeline"), Timeline)
