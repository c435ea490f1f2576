"""The product list: a page of products, and what is available of each."""

from dataclasses import dataclass

from gateway.compositions.page import composing
from gateway.compositions.stock import stock_of
from gateway.upstreams.client import Calls
from gateway.upstreams.inventory import Stock
from gateway.upstreams.product import Listing, products, skus_of


@dataclass(frozen=True, slots=True)
class ProductList:
    """`stock` is None when it could not be had."""

    listing: Listing
    stock: Stock | None
    degraded: tuple[str, ...]


async def product_list(calls: Calls, query: str) -> ProductList:
    """Required: the products. Optional: the stock."""
    listing = await products(calls, query)
    async with composing(calls) as page:
        stock = page.optional("stock", stock_of, skus_of(listing.items))
    return ProductList(listing, stock.result(), page.degraded)
