"""The account page: a user's account, and their orders."""

from dataclasses import dataclass

from gateway.compositions.page import composing
from gateway.upstreams.auth import Account, account
from gateway.upstreams.client import Calls
from gateway.upstreams.order import Order, OrderCounts, order_counts, recent_orders


@dataclass(frozen=True, slots=True)
class AccountPage:
    """`recent_orders` and `order_counts` are None when they could not be had."""

    account: Account
    recent_orders: tuple[Order, ...] | None
    order_counts: OrderCounts | None
    degraded: tuple[str, ...]


async def account_page(calls: Calls) -> AccountPage:
    """Required: the caller's account. Optional: their last orders, and how many there are."""
    async with composing(calls) as page:
        found = page.required(account)
        orders = page.optional("recent_orders", recent_orders)
        counts = page.optional("order_counts", order_counts)
    return AccountPage(found.result(), orders.result(), counts.result(), page.degraded)
