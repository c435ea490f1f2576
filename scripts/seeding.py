"""Putting products on sale, through the public API as an admin does."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from scripts.load.loops import closed_loop
from scripts.storefront import Json, Refused, Storefront

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Article:
    """A product as the API takes it, and how many there are of each of its skus at first."""

    product: Json
    stock: Mapping[str, int]


async def put_on_sale(
    storefront: Storefront, articles: Iterable[Article], tell: Callable[[], object] = lambda: None
) -> int:
    """Create the articles that are not there yet; `tell` hears of each. Return how many were new. Raises Refused.

    The stock comes first: a product that is there has its stock, wherever the run before was cut off.
    """
    created = 0

    async def put(article: Article) -> None:
        nonlocal created
        for sku, quantity in article.stock.items():
            await _fill(storefront, sku, quantity)
        is_new = await _create(storefront, article.product)
        created += is_new
        tell()

    await closed_loop(put, articles, AT_ONCE)
    return created


async def _fill(storefront: Storefront, sku: str, quantity: int) -> None:
    """Count in the first stock of a sku, unless there ever was any."""
    path = f"/api/v1/inventory/{sku}"
    if not await _is_known(storefront, path):
        adjustment = {"delta": quantity, "reason": "initial stock"}
        await storefront.call("POST", f"{path}/adjustments", adjustment, key=f"seed-{sku}")


async def _is_known(storefront: Storefront, path: str) -> bool:
    try:
        await storefront.call("GET", path)
    except Refused as error:
        if error.status != 404:
            raise
        return False
    return True


async def _create(storefront: Storefront, product: Json) -> bool:
    """Whether the product was new."""
    try:
        await storefront.call("POST", "/api/v1/products", product)
    except Refused as error:
        if error.status != 409:
            raise
        return False
    return True
