"""Real products are put on sale, and real baskets ordered: what the clients remember is what the platform did."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from scripts.complete_journey.baskets import choose
from scripts.complete_journey.catalogue import Catalogue, most_bought
from scripts.complete_journey.replay import on_sale, wishes
from scripts.layout import Layout
from scripts.load.customers import signed_in
from scripts.load.record import recorded
from scripts.load.run import place_all
from scripts.load.stock import mismatches, read_stock
from scripts.platform import load_credentials
from scripts.seeding import Article, put_on_sale
from scripts.storefront import Refused, Storefront
from scripts.supervisor import Supervisor

PRODUCTS, BASKETS, SEED = 40, 60, 2

Databases = AsyncMongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
async def staff(platform: Supervisor, layout: Layout) -> AsyncIterator[Storefront]:
    async with Storefront(layout.url("edge")) as storefront:
        await storefront.log_in(load_credentials(layout).admin)
        yield storefront


@pytest.fixture(scope="module")
async def catalogue(staff: Storefront) -> Catalogue:
    """On sale."""
    catalogue = most_bought(PRODUCTS)
    assert await put_on_sale(staff, catalogue.articles) == PRODUCTS
    return catalogue


async def test_the_catalogue_is_seeded_once(staff: Storefront, catalogue: Catalogue) -> None:
    assert await put_on_sale(staff, catalogue.articles) == 0
    skus = await on_sale(staff)
    stock = await read_stock(staff, skus.values())
    assert {sku: found.quantity for sku, found in stock.items()} == {
        sku: quantity for article in catalogue.articles for sku, quantity in article.stock.items()
    }


async def test_a_product_is_not_there_before_its_stock(staff: Storefront) -> None:
    """A run cut off between the two is completed by the next, and nothing is counted in twice."""
    product = {"slug": "half-seeded", "name": "Half seeded", "price": {"amount": 100, "currency": "USD"}}
    with pytest.raises(Refused, match="422"):
        await put_on_sale(staff, [Article(product | {"price": None}, {"half-seeded": 3})])
    assert await put_on_sale(staff, [Article(product, {"half-seeded": 3})]) == 1
    assert (await read_stock(staff, ["half-seeded"]))["half-seeded"].quantity == 3


async def test_baskets_become_orders(
    staff: Storefront, catalogue: Catalogue, layout: Layout, databases: Databases, tmp_path: Path
) -> None:
    skus, path = await on_sale(staff), tmp_path / "record.jsonl"
    orders = wishes(choose(skus, BASKETS, SEED).baskets, skus, 5, {"tok_decline": 0.03}, SEED)
    declined = sum(order.token == "tok_decline" for order in orders)
    assert 0 < declined <= 0.05 * BASKETS
    before = await read_stock(staff, skus.values())

    async with signed_in(layout.url("edge"), load_credentials(layout).customer.password, 5) as customers:
        with recorded(path) as record:
            report = await place_all(customers, orders, 20.0, record)

    assert (report.accepted, report.lost, report.unfinished) == (BASKETS, 0, {})
    assert report.confirmed == BASKETS - declined
    assert report.cancelled == {"payment_declined": declined}
    assert mismatches(before, await read_stock(staff, before), report.sold) == []
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["outcome"] for line in lines} == {"accepted"}
    assert len({line["key"] for line in lines}) == BASKETS
    stored = databases["order"].orders.find({"_id": {"$in": [line["order_id"] for line in lines]}})
    assert len(await stored.to_list()) == BASKETS
