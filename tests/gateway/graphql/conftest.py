"""What the services behind a gateway have that is asked for in GraphQL."""

import pytest

from tests.gateway.goods import CARD, MUG, PAYMENT
from tests.gateway.graphql.asking import WHOLE
from tests.gateway.services import Services


@pytest.fixture
def catalogue(behind: Services) -> Services:
    """A mug in two sizes, with stock, and a spoon that goes with it."""
    spoon = {**CARD, "id": "p2", "slug": "spoon", "skus": ["spoon"]}
    mug = {**CARD, "skus": ["mug-s", "mug-l"]}
    facets = {"brands": [{"value": "Acme", "count": 1}], "categories": [], "complete": True}
    tree = [{"path": "kitchen", "slug": "kitchen", "name": "Kitchen", "children": []}]
    levels = [{"sku": "mug-s", "available": 2}, {"sku": "mug-l", "available": 3}]
    behind.answer("product", "GET /products/mug", MUG)
    behind.answer("product", "GET /products/p1/related", {"items": [spoon]})
    behind.answer(
        "product", "GET /products", {"items": [mug, spoon], "next_cursor": "more", "facets": facets}
    )
    behind.answer("product", "GET /showcase", {"featured": [mug], "newest": [spoon]})
    behind.answer("product", "GET /categories", {"items": tree})
    behind.answer("inventory", "GET /stock", {"items": levels})
    return behind


@pytest.fixture
def till(behind: Services) -> Services:
    """An order of a customer, and its payment."""
    behind.answer("order", "GET /orders/o1", WHOLE)
    behind.answer("order", "GET /orders", {"items": [WHOLE], "next_cursor": None})
    behind.answer("payment", "GET /payments", {"items": [PAYMENT]})
    return behind
