"""The product page: a product, what is available of it, and what goes with it."""

from dataclasses import dataclass

from gateway.compositions.page import composing
from gateway.compositions.stock import stock_of
from gateway.upstreams.client import Calls
from gateway.upstreams.inventory import Stock
from gateway.upstreams.product import Product, Summary, product, related


@dataclass(frozen=True, slots=True)
class ProductPage:
    """`stock` and `related` are None when they could not be had."""

    product: Product
    stock: Stock | None
    related: tuple[Summary, ...] | None
    degraded: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """The ids of all products on it."""
        return (self.product.id, *(other.id for other in self.related or ()))


async def product_page(calls: Calls, key: str) -> ProductPage:
    """Required: the product, by id or slug; the others need to know it. Optional: its stock, related products."""
    found = await product(calls, key)
    async with composing(calls) as page:
        stock = page.optional("stock", stock_of, found.skus)
        others = page.optional("related", related, found.id)
    return ProductPage(found, stock.result(), others.result(), page.degraded)
