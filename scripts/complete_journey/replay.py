"""Real baskets as orders of many customers."""

import random
from collections.abc import Mapping, Sequence

from scripts.complete_journey.baskets import Basket
from scripts.complete_journey.catalogue import TAG, product_id
from scripts.load.wishes import APPROVED, Wish
from scripts.storefront import Storefront

PAGE = 100


async def on_sale(storefront: Storefront) -> dict[int, str]:
    """The skus of the products of the catalogue that this platform sells, by product id. Raises Refused."""
    skus: dict[int, str] = {}
    next_page: str | None = f"/api/v2/products?tag={TAG}&sort=name&limit={PAGE}"
    while next_page is not None:
        page = await storefront.call("GET", next_page)
        skus |= {product_id(product["slug"]): product["slug"] for product in page["items"]}
        next_page = page["next"]
    return skus


def wishes(
    baskets: Sequence[Basket],
    skus: Mapping[int, str],
    customers: int,
    shares: Mapping[str, float],
    seed: int,
) -> list[Wish]:
    """An order for each basket. Households are shared out among so many customers.

    `shares` tells how many of the orders, from 0 to 1, are paid with a token other than the one that is approved;
    which ones, the seed decides.
    """
    households = sorted({basket.household_id for basket in baskets})
    customer_of = {household: number % customers for number, household in enumerate(households)}
    tokens = _tokens(len(baskets), shares, random.Random(seed))
    return [
        Wish(
            customer_of[basket.household_id],
            {skus[product]: pieces for product, pieces in basket.pieces.items()},
            token,
        )
        for basket, token in zip(baskets, tokens, strict=True)
    ]


def _tokens(count: int, shares: Mapping[str, float], chance: random.Random) -> list[str]:
    rest = 1.0 - sum(shares.values())
    return chance.choices([*shares, APPROVED], [*shares.values(), rest], k=count)
