"""The home page: what everybody is shown first, and the orders of whoever is known."""

import asyncio
from dataclasses import dataclass

from gateway.compositions.page import composing
from gateway.compositions.stock import stock_of
from gateway.upstreams.client import Calls
from gateway.upstreams.inventory import Stock
from gateway.upstreams.order import ListedOrder, recent_orders
from gateway.upstreams.product import Category, Showcase, categories, showcase, skus_of


@dataclass(frozen=True, slots=True)
class PublicHome:
    """The same for everybody. `stock` and `categories` are None when they could not be had."""

    showcase: Showcase
    stock: Stock | None
    categories: tuple[Category, ...] | None
    degraded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HomePage:
    """`recent_orders` is None for strangers, and when they could not be had: then `degraded` says so."""

    public: PublicHome
    recent_orders: tuple[ListedOrder, ...] | None
    degraded: tuple[str, ...]


async def home_page(calls: Calls, patience: float, *, known: bool) -> HomePage:
    """Required: what everybody sees. Optional: the orders of a caller who is known."""
    async with composing(calls, patience) as page:
        public = page.required(public_home, patience)
        orders = page.optional("recent_orders", recent_orders) if known else None
    everything = public.result()
    degraded = tuple(sorted({*everything.degraded, *page.degraded}))
    return HomePage(everything, orders.result() if orders else None, degraded)


async def public_home(calls: Calls, patience: float) -> PublicHome:
    """Required: featured and new products. Optional: categories, stock. It asks as nobody, whoever calls."""
    async with composing(calls.anonymous, patience) as page:
        shown = page.required(showcase)
        tree = page.optional("categories", categories)
        stock = page.optional("stock", _stock_of_all, shown)
    return PublicHome(shown.result(), stock.result(), tree.result(), page.degraded)


async def _stock_of_all(calls: Calls, shown: asyncio.Task[Showcase]) -> Stock:
    found = await shown
    return await stock_of(calls, skus_of((*found.featured, *found.newest)))
