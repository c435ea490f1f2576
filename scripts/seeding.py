"""Putting products on sale, through the public API as an admin does."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from scripts.load.loops import closed_loop
from scripts.storefront import Json, Refused, Storefront

AT_ONCE: Final = 8
_MOST_LINES: Final = 100
"""Of one order."""
_PATIENCE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Article:
    """A product as the API takes it, and how many there are of each of its skus at first."""

    product: Json
    stock: Mapping[str, int]


async def put_on_sale(
    storefront: Storefront, articles: Iterable[Article], tell: Callable[[], object] = lambda: None
) -> int:
    """Create the articles that are not there yet; `tell` hears of each. Return how many were new. Raises Refused.

    The stock comes first: a product that is there has its stock, wherever the run before was cut off. All that is new
    can be ordered afterwards.
    """
    new: list[Article] = []

    async def put(article: Article) -> None:
        for sku, quantity in article.stock.items():
            await _fill(storefront, sku, quantity)
        if await _create(storefront, article.product):
            new.append(article)
        tell()

    await closed_loop(put, articles, AT_ONCE)
    skus = [sku for article in new for sku in article.stock]
    for first in range(0, len(skus), _MOST_LINES):
        await _orderable(storefront, skus[first : first + _MOST_LINES])
    return len(new)


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


def _is_unheard_of(error: BaseException) -> bool:
    return isinstance(error, Refused) and error.status == 422


@retry(
    retry=retry_if_exception(_is_unheard_of),
    stop=stop_after_delay(_PATIENCE_SECONDS),
    wait=wait_fixed(_PAUSE_SECONDS),
    reraise=True,
)
async def _orderable(storefront: Storefront, skus: Sequence[str]) -> None:
    """Wait until the order service has heard of these. Raises Refused."""
    items = [{"sku": sku, "quantity": 1} for sku in skus]
    await storefront.call("POST", "/api/v1/checkout/preview", {"items": items})
