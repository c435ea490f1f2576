"""What is asked for many at once, whoever of an answer asks for it: one batch for all that ask at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, ParamSpec, TypeVar

from strawberry.dataloader import DataLoader

from gateway.compositions.batches import in_batches
from gateway.compositions.page import Fetch, Page
from gateway.upstreams.client import Calls
from gateway.upstreams.inventory import Stock, available, stock
from gateway.upstreams.payment import Payment, payments
from gateway.upstreams.product import Product, on_sale

T = TypeVar("T")
P = ParamSpec("P")
Count = int | None | Awaitable[int | None]
"""How many there are, at once or in a moment."""

Batch = Callable[[Calls, list[str]], Coroutine[Any, Any, Mapping[str, T]]]
"""How many are asked for at once."""


class Loaders:
    """Those of one request. What cannot be had is None, and named in `degraded`."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._sections: dict[str, asyncio.Task[Any]] = {}
        self._payments = DataLoader[str, Payment | None](partial(_sought, page, "payment", payments))
        self._products = DataLoader[str, Product | None](partial(_sought, page, "products", on_sale))
        self._stock = DataLoader[str, int | None](partial(_sought, page, "stock", stock))
        self._known: dict[str, int | None] = {}

    async def section(self, name: str, fetch: Fetch[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """One that there is one of, fetched once, however often it is asked for."""
        if name not in self._sections:
            self._sections[name] = self._page.optional(name, fetch, *args, **kwargs)
        found: T | None = await _shared(self._sections[name])
        return found

    async def payment(self, order_id: str) -> Payment | None:
        """That of an order; None while there is none, too."""
        return await _shared(self._payments.load(order_id))

    async def product(self, sku: str) -> Product | None:
        """What is sold under a sku; None when it is not on sale, too."""
        return await _shared(self._products.load(sku))

    def available(self, skus: Collection[str]) -> Count:
        """How many there are of these together; None where one of them is not counted, or it could not be had.

        What a page has brought is there at once: waiting costs, where it is for each product of a list.
        """
        if all(sku in self._known for sku in skus):
            return available(self._known, skus)
        return self._counted(skus)

    def know(self, stock: Stock | None, skus: Iterable[str]) -> None:
        """Take over the stock of these from a page; None where it could not be had."""
        self._known |= dict.fromkeys(skus) if stock is None else stock

    async def _counted(self, skus: Collection[str]) -> int | None:
        levels = await _shared(self._stock.load_many(skus))
        return available(dict(zip(skus, levels, strict=True)), skus)


async def _shared(found: Awaitable[T]) -> T:
    """What others may be waiting for too: a field that is given up, for one beside it failed, takes it from nobody."""
    return await asyncio.shield(found)


async def _sought(page: Page, section: str, batch: Batch[T], keys: list[str]) -> list[T | None]:
    """What is found of each key; of a section that cannot be had, nothing."""

    async def look(calls: Calls) -> Mapping[str, T]:
        return await in_batches(calls, batch, keys)

    found = await page.optional(section, look)
    return [None if found is None else found.get(key) for key in keys]
