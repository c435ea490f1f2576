"""The checkout preview: what an order would be charged, and what stands in its way."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.compositions.batches import in_batches
from gateway.compositions.page import composing
from gateway.compositions.stock import stock_of
from gateway.upstreams.client import Calls
from gateway.upstreams.inventory import Stock
from gateway.upstreams.order import Line, Priced, preview
from gateway.upstreams.product import prices
from services.contracts.money import Money

Prices = Mapping[str, Money]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a customer should know before ordering: `code` for programs, `detail` for people."""

    code: Literal["out_of_stock", "not_enough_stock", "price_changed"]
    sku: str
    detail: str


@dataclass(frozen=True, slots=True)
class CheckoutPreview:
    """`stock` is None when it could not be had. There are no notices about what is in `degraded`."""

    priced: Priced
    stock: Stock | None
    notices: tuple[Notice, ...]
    degraded: tuple[str, ...]


async def checkout_preview(calls: Calls, body: bytes) -> CheckoutPreview:
    """Required: what the order service would charge; the others need its lines. Optional: stock, prices of now."""
    priced = await preview(calls, body)
    skus = [line.sku for line in priced.items]
    async with composing(calls) as page:
        stock = page.optional("stock", stock_of, skus)
        listed = page.optional("prices", in_batches, prices, skus)
    notices = tuple(notices_about(priced.items, stock.result(), listed.result()))
    return CheckoutPreview(priced, stock.result(), notices, page.degraded)


def notices_about(lines: Iterable[Line], stock: Stock | None, prices: Prices | None) -> Iterator[Notice]:
    """What can be told of each line from what is known."""
    for line in lines:
        available = stock.get(line.sku) if stock is not None else None
        if available is not None and available < line.quantity:
            yield _shortage(line, available)
        now = prices.get(line.sku) if prices is not None else None
        if now is not None and now != line.unit_price:
            yield Notice("price_changed", line.sku, "the catalogue has just changed its price: look again")


def _shortage(line: Line, available: int) -> Notice:
    if available <= 0:
        return Notice("out_of_stock", line.sku, "there is none left")
    return Notice("not_enough_stock", line.sku, f"{available} of {line.quantity} are available")
