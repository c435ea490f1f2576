"""The real catalogue and the real baskets are fit for the platform, and the same for everyone."""

import importlib
import sys

import pytest

from scripts.complete_journey import DataMissing, TooFewBaskets
from scripts.complete_journey.baskets import MOST_LINES, MOST_PIECES, Choice, choose
from scripts.complete_journey.catalogue import Catalogue, most_bought, product_id
from scripts.complete_journey.replay import wishes
from scripts.storefront import order_request
from services.order.schemas import PlaceOrderIn
from services.product.schemas import ProductIn

PRODUCTS = 300
BASKETS = 500


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return most_bought(PRODUCTS)


@pytest.fixture(scope="module")
def skus(catalogue: Catalogue) -> dict[int, str]:
    return {product_id(sku): sku for article in catalogue.articles for sku in article.stock}


@pytest.fixture(scope="module")
def choice(skus: dict[int, str]) -> Choice:
    return choose(skus, BASKETS, seed=1)


def test_the_products_are_such_as_the_service_takes(catalogue: Catalogue) -> None:
    products = [ProductIn.model_validate(article.product) for article in catalogue.articles]
    assert len({product.slug for product in products}) == PRODUCTS
    assert {product.price.currency for product in products} == {"USD"}
    assert min(product.price.amount for product in products) > 0
    assert all(article.stock[str(article.product["slug"])] > 0 for article in catalogue.articles)


def test_bananas_come_first_at_what_they_cost(catalogue: Catalogue) -> None:
    bananas = catalogue.articles[0]
    assert bananas.product["name"] == "Bananas, 40 LB"
    assert bananas.product["category"] == "produce/tropical-fruit"
    assert bananas.product["price"] == {"amount": 101, "currency": "USD"}
    assert bananas.stock == {"bananas-1082185": 17_639}


def test_what_cannot_be_sold_is_left_out_and_counted(catalogue: Catalogue) -> None:
    assert catalogue.skipped["lines of no pieces"] == 8_869
    assert catalogue.skipped["products below a cent, sold by fractions such as petrol"] == 3


def test_the_seed_decides_which_baskets(skus: dict[int, str], choice: Choice) -> None:
    assert choose(skus, BASKETS, seed=1) == choice
    assert choose(skus, BASKETS, seed=2) != choice


def test_the_baskets_are_such_as_can_be_ordered(skus: dict[int, str], choice: Choice) -> None:
    orders = wishes(choice.baskets, skus, 20, {}, seed=1)
    for order in orders:
        PlaceOrderIn.model_validate(order_request(order.items, order.token))
    assert len(orders) == BASKETS
    assert all(0 < len(basket.pieces) <= MOST_LINES for basket in choice.baskets)
    assert all(0 < pieces <= MOST_PIECES for basket in choice.baskets for pieces in basket.pieces.values())
    assert choice.left_out["lines of products that are not on sale"] > 0


def test_a_household_is_always_the_same_customer(skus: dict[int, str], choice: Choice) -> None:
    orders = wishes(choice.baskets, skus, 20, {}, seed=1)
    pairs = {
        (basket.household_id, order.customer) for basket, order in zip(choice.baskets, orders, strict=True)
    }
    assert len(pairs) == len({basket.household_id for basket in choice.baskets})
    assert {order.customer for order in orders} == set(range(20))


def test_some_are_paid_otherwise(skus: dict[int, str], choice: Choice) -> None:
    orders = wishes(choice.baskets, skus, 20, {"tok_decline": 0.1, "tok_slow": 0.05}, seed=1)
    declined = sum(order.token == "tok_decline" for order in orders)
    assert 0.05 * BASKETS < declined < 0.15 * BASKETS
    assert {order.token for order in orders} == {"tok_approve", "tok_decline", "tok_slow"}


def test_there_are_only_so_many_baskets(skus: dict[int, str]) -> None:
    with pytest.raises(TooFewBaskets, match=r"hold one of the 300 products .*portico seed"):
        choose(skus, 200_000, seed=1)
    with pytest.raises(TooFewBaskets, match="only 0 baskets"):
        choose({}, 1, seed=1)


def test_without_the_data_it_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scripts.complete_journey.dataset")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataMissing, match="make data"):
        importlib.import_module("scripts.complete_journey.dataset")
