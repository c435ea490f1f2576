"""Goods to sell and customers to buy them, made through the public API."""

from dataclasses import dataclass
from random import Random

import orjson

from scripts.load.customers import signed_in
from scripts.platform import load_credentials
from scripts.seeding import Article, put_on_sale
from scripts.storefront import Storefront, order_request
from tests.benchmarks.load import Load, Request
from tests.benchmarks.platform import Platform

PLENTY = 1_000_000
LINES = 3
PRODUCTS = 500
CUSTOMERS = 20
# So many different orders are prepared, and placed in turn.
ORDERS = 2_000


@dataclass(frozen=True)
class Shop:
    """What can be ordered, the access tokens and ids of those who order, and the token of staff, who is given nothing
    that is kept: what they read is fetched from the services."""

    skus: tuple[str, ...]
    tokens: tuple[str, ...]
    user_ids: tuple[str, ...]
    staff: str

    def orders(self, url: str) -> Load:
        """Orders of three lines each, placed at the edge."""
        random = Random(1)
        requests = tuple(
            Request("POST", "/api/v1/orders", random.choice(self.tokens), self._order(random))
            for _ in range(ORDERS)
        )
        return Load(url, requests, 202)

    def _order(self, random: Random) -> bytes:
        items = dict.fromkeys(random.sample(self.skus, LINES), 1)
        return orjson.dumps(order_request(items, "tok_approve"))


async def open_shop(platform: Platform) -> Shop:
    """Put products with plenty of stock on sale, on a platform that has none, and sign customers in."""
    skus = tuple(f"bench-{number:05}" for number in range(PRODUCTS))
    url, credentials = platform.layout.url("edge"), load_credentials(platform.layout)
    async with Storefront(url) as admin:
        await admin.log_in(credentials.admin)
        staff = str((await admin.tokens(credentials.admin))["access_token"])
        await put_on_sale(admin, (_article(sku) for sku in skus))
    async with signed_in(url, credentials.customer.password, CUSTOMERS) as customers:
        everybody = [customers[number] for number in range(CUSTOMERS)]
    return Shop(
        skus,
        tuple(customer.token for customer in everybody),
        tuple(customer.user_id for customer in everybody),
        staff,
    )


def _article(sku: str) -> Article:
    product = {"slug": sku, "name": f"Bench {sku}", "price": {"amount": 1999, "currency": "USD"}}
    return Article(product, {sku: PLENTY})
