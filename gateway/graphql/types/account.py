"""Who calls, and what is theirs; and what a visitor is shown first."""

from collections.abc import Mapping

import strawberry
from strawberry import Parent

from gateway.graphql.context import Info
from gateway.graphql.types.ordering import Order
from gateway.graphql.types.products import Card, Category
from gateway.graphql.words import OrderStatus, UserId, by, shape
from gateway.upstreams import order as source
from gateway.vocabulary import Email, FullName, Time
from services.chassis.identity import known_caller


async def _recent_orders(info: Info) -> tuple[source.Order, ...] | None:
    if known_caller(info.context.request) is None:
        return None
    return await info.context.loaders.section("recent_orders", source.recent_orders)


async def _order_counts(info: Info) -> source.OrderCounts | None:
    return await info.context.loaders.section("order_counts", source.order_counts)


@shape
class StatusCount:
    """How many orders are in this status."""

    status: OrderStatus
    count: int


def _by_status(counts: Parent[source.OrderCounts]) -> list[Mapping[str, object]]:
    return [{"status": status, "count": count} for status, count in counts.by_status.items()]


@shape
class OrderCounts:
    """How many orders there are in each status that one is in; not `complete`: at least so many."""

    by_status: list[StatusCount] = by(_by_status)
    complete: bool


@shape
class Account:
    """The caller's own account."""

    user_id: UserId
    email: Email
    full_name: FullName | None
    roles: list[str]
    registered_at: Time
    recent_orders: list[Order] | None = by(_recent_orders, "The last five, the newest first.")
    order_counts: OrderCounts | None = by(_order_counts)


@shape
class Home:
    """What a visitor is shown first."""

    featured: list[Card]
    new: list[Card]
    categories: list[Category] | None
    recent_orders: list[Order] | None = by(
        _recent_orders, "The last five, the newest first; null for who has not signed in."
    )


@shape
class Stock:
    """The truth about one sku."""

    sku: str
    quantity: int = strawberry.field(description="How many are there.")
    reserved: int = strawberry.field(description="How many of these are held for orders.")
    available: int | None = strawberry.field(description="How many can be sold; null where nobody counts.")
    low_stock_threshold: int = strawberry.field(description="From here on it is called low.")
    track: bool = strawberry.field(description="Whether it is counted at all.")
