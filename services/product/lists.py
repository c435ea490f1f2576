"""How the catalogue is read as lists, each bounded in length and in time."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.errors import ExecutionTimeout

from services.chassis.errors import Unavailable
from services.product import queries
from services.product.documents import ListedProduct, StoredCategory, StoredProduct
from services.product.domain import FEATURED, Product, lineage
from services.product.queries import MAX_HITS, Bson
from services.product.schemas import (
    CategoryOut,
    FacetOut,
    FacetsOut,
    ListQuery,
    ProductPageOut,
    ProductSummary,
    ShowcaseOut,
)

_RELATED = 8
_SHOWN = 12
_MAX_FACET_VALUES = 50
_MAX_CATEGORIES = 1000
_READ_MILLISECONDS = 2000


async def list_products(query: ListQuery) -> ProductPageOut:
    """One page of active products, with the facets of the whole list. Raises Invalid, Unavailable."""
    with _in_time():
        return await (_hits(query) if query.q else _listed(query))


async def related_products(product: Product) -> list[Product]:
    """The newest others of the same category."""
    if product.category is None:
        return []
    with _in_time():
        same = await _page(ListQuery(category=product.category, limit=_RELATED))
    return [entry.product for entry in same if entry.product.id != product.id][:_RELATED]


async def showcase() -> ShowcaseOut:
    """What a visitor is shown first: the featured products and the newest of all, each the newest first."""
    wanted = (ListQuery(tag=FEATURED, limit=_SHOWN), ListQuery(limit=_SHOWN))
    with _in_time():
        featured, newest = await asyncio.gather(*map(_page, wanted))
    return ShowcaseOut(featured=_summaries(featured[:_SHOWN]), newest=_summaries(newest[:_SHOWN]))


async def category_tree() -> tuple[CategoryOut, ...]:
    """The roots of the tree of all categories, a thousand of them at most."""
    children: defaultdict[str, list[StoredCategory]] = defaultdict(list)
    async for category in StoredCategory.find().sort("_id").limit(_MAX_CATEGORIES):
        children[category.id.rpartition("/")[0]].append(category)

    def below(path: str) -> tuple[CategoryOut, ...]:
        return tuple(CategoryOut.of(child.id, child.name, below(child.id)) for child in children[path])

    return below("")


async def _listed(query: ListQuery) -> ProductPageOut:
    entries, counts = await asyncio.gather(_page(query), _aggregate(queries.facets(query), hint="cheapest"))
    shown = entries[: query.limit]
    more = queries.next_page(query, shown[-1]) if len(entries) > query.limit else None
    return ProductPageOut(items=_summaries(shown), next_cursor=more, facets=_facets(counts))


async def _page(query: ListQuery) -> list[ListedProduct]:
    """One entry more than asked for, where there is one."""
    order = queries.ORDERS[query.order]
    found = StoredProduct.find(queries.page(query), hint=order.index, max_time_ms=_READ_MILLISECONDS)
    return await found.sort(order.keys).limit(query.limit + 1).project(ListedProduct).to_list()


async def _hits(query: ListQuery) -> ProductPageOut:
    [found] = await _aggregate(queries.search(query))
    ids = [hit["_id"] for hit in found["page"]]
    shown = StoredProduct.find({"_id": {"$in": ids[: query.limit]}}).project(ListedProduct)
    by_id = {entry.product.id: entry async for entry in shown}
    more = queries.next_hits(query) if len(ids) > query.limit else None
    items = _summaries(by_id[hit] for hit in ids if hit in by_id)
    return ProductPageOut(items=items, next_cursor=more, facets=_facets(found["facets"]))


async def _aggregate(pipeline: list[Bson], **options: Any) -> list[Bson]:
    collection = StoredProduct.get_pymongo_collection()
    return await (await collection.aggregate(pipeline, maxTimeMS=_READ_MILLISECONDS, **options)).to_list()


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        yield
    except ExecutionTimeout as error:
        raise Unavailable("the catalogue took too long to answer") from error


def _summaries(entries: Iterable[ListedProduct]) -> tuple[ProductSummary, ...]:
    return tuple(ProductSummary.of(entry.product) for entry in entries)


def _facets(counts: Iterable[Bson]) -> FacetsOut:
    """A product counts for its category and for those that it lies in, as the filter finds it."""
    brands, categories, total = Counter[str](), Counter[str](), 0
    for group in counts:
        brand, category, count = group["_id"].get("brand"), group["_id"].get("category"), group["count"]
        total += count
        brands.update({brand: count} if brand else {})
        categories.update(dict.fromkeys(lineage(category), count) if category else {})
    return FacetsOut(brands=_most(brands), categories=_most(categories), complete=total < MAX_HITS)


def _most(counts: Counter[str]) -> tuple[FacetOut, ...]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetOut(value=value, count=count) for value, count in ranked[:_MAX_FACET_VALUES])
