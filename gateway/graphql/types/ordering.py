"""Orders, and what belongs to them."""

import strawberry
from strawberry import Parent

from gateway.graphql.context import Info
from gateway.graphql.types.products import Card
from gateway.graphql.types.values import Money
from gateway.graphql.words import OrderId, OrderStatus, PaymentId, ProductId, by, shape
from gateway.upstreams import order as source
from gateway.upstreams.payment import Payment as Paid
from gateway.upstreams.product import Product
from gateway.vocabulary import (
    FullName,
    ImageUrl,
    NextCursor,
    PaymentStatus,
    ProductName,
    Quantity,
    Sequence,
    Sku,
    Time,
)


async def _product(line: Parent[source.Line], info: Info) -> Product | None:
    return await info.context.loaders.product(line.sku)


@shape
class Line:
    """One line of an order, as it was when it was placed."""

    sku: Sku
    product_id: ProductId
    name: ProductName
    image: ImageUrl | None
    quantity: Quantity
    unit_price: Money
    line_total: Money
    product: Card | None = by(_product, "As it is today; null when it is not on sale any more.")


@shape
class Address:
    """Where an order goes."""

    full_name: FullName
    phone: str | None
    street: str
    city: str
    state: str | None
    country: str
    postal_code: str


@shape
class TimelineEntry:
    """The order entered `status`; `sequence` counts its statuses from 1."""

    sequence: Sequence
    status: OrderStatus
    at: Time


@shape
class Payment:
    """The payment of an order."""

    payment_id: PaymentId
    status: PaymentStatus
    amount: Money
    captured: Money | None
    refunded: Money | None


async def _payment(order: Parent[source.Order], info: Info) -> Paid | None:
    return await info.context.loaders.payment(order.order_id)


@shape
class Order:
    """A whole order. There are no shipments yet."""

    order_id: OrderId
    status: OrderStatus
    reason: str | None = strawberry.field(description="Why it was cancelled; null unless it was.")
    items: list[Line]
    subtotal: Money
    discount: Money
    shipping: Money
    total: Money
    shipping_address: Address
    timeline: list[TimelineEntry]
    created_at: Time
    updated_at: Time
    payment: Payment | None = by(_payment, "Null while there is none yet.")


@shape
class Orders:
    """One page of orders."""

    items: list[Order]
    next_cursor: NextCursor


@shape
class Accepted:
    """An order that is stored and on its way, or that it is being cancelled."""

    order_id: OrderId
    status: OrderStatus
