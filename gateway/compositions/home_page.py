"""The home page, as far as it is the same for everybody."""

import asyncio
from dataclasses import dataclass

from gateway.compositions.page import composing
from gateway.compositions.stock import stock_of
from gateway.upstreams.client import Calls
from gateway.upstreams.inventory import Stock
from gateway.upstreams.product import Category, Showcase, categories, showcase, skus_of


@dataclass(frozen=True, slots=True)
class PublicHome:
    """The same for everybody. `stock` and `categories` are None when they could not be had."""

    showcase: Showcase
    stock: Stock | None
    categories: tuple[Category, ...] | None
    degraded: tuple[str, ...]


async def public_home(calls: Calls) -> PublicHome:
    """Required: featured and new products. Optional: categories, stock. It asks as nobody, whoever calls."""
    async with composing(calls.anonymous) as page:
        shown = page.required(showcase)
        tree = page.optional("categories", categories)
        stock = page.optional("stock", _stock_of_all, shown)
    return PublicHome(shown.result(), stock.result(), tree.result(), page.degraded)


async def _stock_of_all(calls: Calls, shown: asyncio.Task[Showcase]) -> Stock:
    found = await shown
    return await stock_of(calls, skus_of((*found.featured, *found.newest)))
