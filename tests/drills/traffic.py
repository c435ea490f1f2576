"""A few people in the shop: bursts of looks and of orders, twice a second."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Final

from aiohttp import ClientError

from scripts.load.customers import Customer, Customers, signed_in
from scripts.load.loops import open_loop
from scripts.load.placing import Patience, Placing
from scripts.load.wishes import APPROVED, Wish
from scripts.secrets import Credentials
from scripts.seeding import Article, put_on_sale
from scripts.storefront import Storefront
from services.chassis.background import background

PLENTY: Final = 1_000_000
SKUS: Final = tuple(f"drill-{number}" for number in range(8))
LOOKS: Final = 6
BURSTS_PER_SECOND: Final = 2.0
MOST_BURSTS: Final = 40
"""At once; while the platform hangs no more come."""
_ONCE: Final = Patience(attempts=1)
_HOME: Final = "/api/v2/home"


class Traffic:
    """What goes on; `ordering` and the payment `token` can be changed while it does."""

    def __init__(self, customers: Customers, staff: Customer) -> None:
        self.ordering = True
        self.token = APPROVED
        self._customers = customers
        self._staff = staff
        self._placing = Placing(customers, lambda _: None, _ONCE)

    async def run(self) -> None:
        """Until cancelled."""
        await open_loop(self._burst, count(), BURSTS_PER_SECOND, MOST_BURSTS)

    async def _burst(self, number: int) -> None:
        # Pages for staff are composed each time; those for everybody would come from the cache.
        looks = [self._look(path, self._staff) for path in self._pages(number)]
        placed = [self._placing(Wish(0, {SKUS[number % len(SKUS)]: 1}, self.token))] if self.ordering else []
        await asyncio.gather(*looks, *placed)

    def _pages(self, number: int) -> Iterator[str]:
        yield _HOME
        for look in range(LOOKS):
            yield f"/api/v1/products/{SKUS[(number + look) % len(SKUS)]}"

    async def _look(self, path: str, who: Customer) -> None:
        """Whatever comes back: the platform is told on by its own figures."""
        with suppress(ClientError, TimeoutError):
            async with self._customers.http.get(path, headers=who.headers) as response:
                await response.read()


@asynccontextmanager
async def trading(url: str, logins: Credentials, admin: Storefront) -> AsyncIterator[Traffic]:
    """Put something on sale, and let people in while inside."""
    await put_on_sale(admin, (_article(sku) for sku in SKUS))
    staff = Customer(logins.admin)
    staff.take(await admin.call("POST", "/api/v1/auth/login", logins.admin.model_dump()))
    async with signed_in(url, logins.customer.password, 1) as customers:
        traffic = Traffic(customers, staff)
        async with background("traffic", traffic.run):
            yield traffic


def _article(sku: str) -> Article:
    product = {"slug": sku, "name": f"Drill {sku}", "price": {"amount": 1999, "currency": "USD"}}
    return Article(product, {sku: PLENTY})
