"""What households bought together."""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scripts.complete_journey import TooFewBaskets, dataset
from scripts.complete_journey.dataset import arrow, compute

# What the API takes of one order.
MOST_LINES = 100
MOST_PIECES = 1000


@dataclass(frozen=True, slots=True)
class Basket:
    """One purchase: pieces by product id."""

    household_id: int
    pieces: Mapping[int, int]


@dataclass(frozen=True)
class Choice:
    """Baskets, and which of their lines were left out: how many of what."""

    baskets: tuple[Basket, ...]
    left_out: Mapping[str, int]


def choose(products: Collection[int], count: int, seed: int) -> Choice:
    """`count` different baskets that hold one of these products at least; the same ones for the same seed.

    Their lines are those that can be ordered. Raises TooFewBaskets, DataMissing.
    """
    sales = dataset.sales("basket_id", "household_id", "product_id", "quantity")
    candidates = compute.unique(sales.filter(_fitting(products))["basket_id"]).sort().to_pylist()
    if count > len(candidates):
        raise TooFewBaskets(len(candidates), len(products))
    chosen = random.Random(seed).sample(candidates, count)
    return _packed(sales, chosen, frozenset(products))


def _fitting(products: Collection[int]) -> compute.Expression:
    quantity = compute.field("quantity")
    on_sale = compute.field("product_id").isin(list(products))
    return on_sale & (quantity > 0) & (quantity <= MOST_PIECES)


def _packed(sales: arrow.Table, chosen: list[int], products: Collection[int]) -> Choice:
    """The chosen baskets in this order, with the lines that fit."""
    left_out: Counter[str] = Counter()
    pieces: defaultdict[int, dict[int, int]] = defaultdict(dict)
    households: dict[int, int] = {}
    for line in sales.filter(compute.field("basket_id").isin(chosen)).to_pylist():
        basket = pieces[line["basket_id"]]
        households[line["basket_id"]] = line["household_id"]
        if reason := _misfit(line, basket, products):
            left_out[reason] += 1
        else:
            basket[line["product_id"]] = line["quantity"]
    return Choice(tuple(Basket(households[number], pieces[number]) for number in chosen), left_out)


def _misfit(line: Mapping[str, int], basket: Collection[int], products: Collection[int]) -> str | None:
    """Why a line cannot be ordered with what is in the basket already."""
    if line["product_id"] not in products:
        return "lines of products that are not on sale"
    if line["quantity"] == 0:
        return "lines of no pieces"
    if line["quantity"] > MOST_PIECES:
        return f"lines of more than {MOST_PIECES} pieces"
    if len(basket) == MOST_LINES:
        return f"lines after the first {MOST_LINES} of a basket"
    return None
