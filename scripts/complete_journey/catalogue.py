"""The products that households bought most, fit for sale."""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.complete_journey import dataset
from scripts.complete_journey.dataset import arrow, compute
from scripts.seeding import Article
from services.product.domain import FEATURED, slugify

TAG = "complete-journey"
"""All of them bear it."""

BESTSELLERS = 12
"""So many of the most bought are featured."""

CHUNK = 256


@dataclass(frozen=True)
class Catalogue:
    """Articles, the most bought first, and what was left out: how many of what."""

    articles: tuple[Article, ...]
    skipped: Mapping[str, int]


def most_bought(count: int) -> Catalogue:
    """The `count` products that were bought most often, with as much stock as was bought in the year.

    Raises DataMissing.
    """
    known = {product["product_id"]: product for product in dataset.products().to_pylist()}
    lines = dataset.sales("product_id", "quantity", "sales_value", "retail_disc", "coupon_match_disc")
    bought = lines.filter(compute.field("quantity") > 0)
    skipped = Counter({"lines of no pieces": lines.num_rows - bought.num_rows})
    articles: list[Article] = []
    for sold in _by_popularity(bought):
        if len(articles) == count:
            break
        product, cents = known.get(sold["product_id"], {}), round(100 * statistics.median(sold["price_list"]))
        if reason := _unfit(product, cents):
            skipped[reason] += 1
        else:
            tags = [TAG, FEATURED] if len(articles) < BESTSELLERS else [TAG]
            articles.append(_article(product, cents, sold["quantity_sum"], tags))
    return Catalogue(tuple(articles), skipped)


def _by_popularity(bought: arrow.Table) -> Iterator[dict[str, Any]]:
    """Each product's id, the prices paid for it and how many pieces, the one in most baskets first."""
    priced = bought.append_column("price", _shelf_price(bought))
    sums = priced.group_by("product_id").aggregate(
        [("price", "count"), ("price", "list"), ("quantity", "sum")]
    )
    ranked = sums.sort_by([("price_count", "descending"), ("product_id", "ascending")])
    for chunk in ranked.to_batches(max_chunksize=CHUNK):
        yield from chunk.to_pylist()


def _shelf_price(bought: arrow.Table) -> arrow.ChunkedArray:
    """What one piece cost in dollars before the shop's own discounts."""
    paid = compute.add(compute.add(bought["sales_value"], bought["retail_disc"]), bought["coupon_match_disc"])
    return compute.divide(paid, compute.cast(bought["quantity"], arrow.float64()))


def _unfit(product: Mapping[str, Any], cents: int) -> str | None:
    """Why a product cannot be sold here."""
    if not product:
        return "products that are not described"
    if not (product["product_category"] and product["product_type"]):
        return "products without a category or a name"
    if cents == 0:
        return "products below a cent, sold by fractions such as petrol"
    return None


def _article(product: Mapping[str, Any], cents: int, quantity: int, tags: list[str]) -> Article:
    sku = f"{slugify(product['product_type'])}-{product['product_id']}"
    content = {
        "slug": sku,
        "name": ", ".join(filter(None, (product["product_type"].capitalize(), product["package_size"]))),
        "description": f"{product['product_category'].capitalize()} of manufacturer {product['manufacturer_id']}.",
        "price": {"amount": cents, "currency": "USD"},
        "category": f"{slugify(product['department'])}/{slugify(product['product_category'])}",
        "brand": product["brand"],
        "tags": tags,
    }
    return Article(content, {sku: quantity})


def product_id(sku: str) -> int:
    """The product that a sku of the catalogue stands for."""
    return int(sku.rpartition("-")[2])
