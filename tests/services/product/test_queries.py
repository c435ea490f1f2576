"""Each query is served by an index: what `explain` says of it on a catalogue of five thousand products."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import product as combinations
from typing import Any

import pytest
from beanie.odm.utils.encoder import Encoder
from pymongo.asynchronous.collection import AsyncCollection

from services.chassis.clock import utcnow
from services.contracts.money import Money
from services.product import domain, queries
from services.product.documents import ListedProduct, StoredProduct
from services.product.schemas import ListQuery
from tests.parts import Corner
from tests.services.product.conftest import Catalogue

SIZE = 5000
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"category": "kitchen"},
    {"brand": "Brand 3"},
    {"tag": "tag 5"},
    {"category": "kitchen/coffee", "brand": "Brand 3"},
    {"category": "home", "tag": "tag 5", "max_price": 60_000},
    {"min_price": 10_000, "max_price": 50_000},
    {"category": "kitchen", "brand": "Brand 3", "min_price": 50_000},
)


def products() -> Iterator[domain.Product]:
    chance, now = random.Random(7), utcnow()
    for number in range(SIZE):
        content = domain.Content(
            name=f"Product {chance.randrange(SIZE // 2)} {'coffee' if number % 5 == 0 else 'tea'}",
            slug=f"product-{number}",
            # Some prices are shared by many, so that ties are paged through as well.
            price=Money(amount=chance.choice([1999, chance.randrange(100_000)]), currency="USD"),
            category=chance.choice(["kitchen", "kitchen/coffee", "kitchen/tea", "home/light", "home"]),
            brand=f"Brand {chance.randrange(8)}",
            tags=tuple(f"tag {tag}" for tag in chance.sample(range(12), 3)),
            status=chance.choice(["active", "active", "active", "archived"]),
        )
        yield domain.create(f"{number:032x}", content, now + timedelta(seconds=number // 3))[0]


@pytest.fixture
async def stored(catalogue: Catalogue, here: Corner) -> AsyncCollection[dict[str, Any]]:
    """The collection of the running service, filled."""
    collection = here.db("product").products
    encoder = Encoder(to_db=True)
    rows = [encoder.encode(StoredProduct.of(made)) for made in products()]
    await collection.insert_many([{"_id": row.pop("id", row.get("_id")), **row} for row in rows])
    return collection


def stages(plan: Any) -> set[str]:
    """The names of all stages of a plan."""
    if isinstance(plan, list):
        return set().union(*map(stages, plan))
    if isinstance(plan, dict):
        return {str(plan[key]) for key in ("stage",) if key in plan}.union(*map(stages, plan.values()))
    return set()


async def test_a_list_reads_only_what_it_shows_whatever_the_filters_order_and_page(
    stored: AsyncCollection[dict[str, Any]],
) -> None:
    for filters, sort in combinations(FILTERS, ("newest", "price", "-price", "name")):
        query = ListQuery(**filters, sort=sort, limit=20)
        for _ in range(3):
            order = queries.ORDERS[sort]
            found = stored.find(queries.page(query), hint=order.index).sort(order.keys).limit(query.limit + 1)
            explained = await found.clone().explain()
            statistics = explained["executionStats"]
            assert not stages(explained["queryPlanner"]["winningPlan"]) & {"COLLSCAN", "SORT"}, query
            assert statistics["totalDocsExamined"] <= 2 * max(statistics["nReturned"], 1), query
            page = await found.to_list()
            if len(page) <= query.limit:
                break
            last = ListedProduct.model_validate(page[query.limit - 1])
            query = query.model_copy(update={"cursor": queries.next_page(query, last)})


async def test_paging_through_ties_neither_repeats_nor_loses(
    catalogue: Catalogue, stored: AsyncCollection[dict[str, Any]]
) -> None:
    listed = stored.find({"listings": domain.listing("kitchen", None, None)})
    expected = {row["product"]["slug"] async for row in listed}
    for sort in ("newest", "price", "-price", "name"):
        found = await catalogue.all_slugs(category="kitchen", sort=sort, limit=100)
        assert len(found) == len(expected)
        assert set(found) == expected


async def test_facets_are_counted_in_the_index_alone_up_to_a_thousand(
    catalogue: Catalogue, stored: AsyncCollection[dict[str, Any]]
) -> None:
    for filters in FILTERS:
        command = {"aggregate": "products", "pipeline": queries.facets(ListQuery(**filters)), "cursor": {}}
        explained = await stored.database.command(
            "explain", command | {"hint": "cheapest"}, verbosity="executionStats"
        )
        statistics = explained["executionStats"]
        assert statistics["totalDocsExamined"] == 0, filters
        assert statistics["totalKeysExamined"] <= queries.MAX_HITS + 1, filters
    assert (await catalogue.get("/products")).body["facets"]["complete"] is False


async def test_a_search_uses_its_index_and_looks_at_a_thousand_hits(
    catalogue: Catalogue, stored: AsyncCollection[dict[str, Any]]
) -> None:
    command = {"aggregate": "products", "pipeline": queries.search(ListQuery(q="tea")), "cursor": {}}
    explained = await stored.database.command("explain", command, verbosity="queryPlanner")
    assert "COLLSCAN" not in str(explained)
    assert "TEXT_MATCH" in str(explained)
    assert len(await catalogue.all_slugs(q="tea", limit=100)) == queries.MAX_HITS


@pytest.mark.parametrize(
    "wanted",
    [
        {"_id": f"{7:032x}"},
        {"product.slug": "product-7"},
        {"_id": {"$in": [f"{n:032x}" for n in range(100)]}},
        {"skus": {"$in": [f"product-{n}" for n in range(100)]}},
    ],
)
async def test_products_are_found_by_id_slug_and_sku(
    stored: AsyncCollection[dict[str, Any]], wanted: dict[str, Any]
) -> None:
    explained = await stored.find(wanted).explain()
    assert "COLLSCAN" not in stages(explained["queryPlanner"]["winningPlan"])
    statistics = explained["executionStats"]
    assert statistics["totalDocsExamined"] == statistics["nReturned"] > 0


async def test_the_tree_is_read_in_the_order_of_its_index(catalogue: Catalogue, here: Corner) -> None:
    await catalogue.add(category="a/b/c")
    explained = await here.db("product").categories.find().sort("_id").explain()
    assert not stages(explained["queryPlanner"]["winningPlan"]) & {"COLLSCAN", "SORT"}
