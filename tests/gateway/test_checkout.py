"""The checkout preview: what the order service says, with what stands in the way."""

from typing import Any

import pytest

from tests.answers import Answer
from tests.gateway.goods import ORDER, USD
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer

FREE = {"amount": 0, "currency": "USD"}
WISH = {"items": [{"sku": "sku-0", "quantity": 2}]}


def line(sku: str) -> dict[str, Any]:
    return {**ORDER["items"][0], "sku": sku, "quantity": 2}


def priced(count: int) -> dict[str, Any]:
    """What the order service says of so many lines."""
    lines = [line(f"sku-{n}") for n in range(count)]
    return {"items": lines, "subtotal": USD, "discount": FREE, "shipping": FREE, "total": USD}


def catalogue(count: int) -> dict[str, Any]:
    """What the product service says of so many skus, each of another product."""
    variants = [{"sku": f"sku-{n}", "attributes": {}, "price": USD} for n in range(count)]
    return {"items": [{"status": "active", "variants": [variant]} for variant in variants]}


@pytest.fixture
def till(behind: Services) -> Services:
    """One line, with enough of it there, at the price of the catalogue."""
    behind.answer("order", "POST /orders/preview", priced(1))
    behind.answer("inventory", "GET /stock", {"items": [{"sku": "sku-0", "available": 2}]})
    behind.answer("product", "GET /product-batch", catalogue(1))
    return behind


async def preview(shop: Instance, issuer: Issuer, body: Any = WISH, query: str = "") -> Answer:
    headers = issuer.bearer("u1")
    async with shop.http.post(f"/api/v1/checkout/preview{query}", json=body, headers=headers) as response:
        return await Answer.of(response)


async def test_what_an_order_would_cost(shop: Instance, till: Services, issuer: Issuer) -> None:
    answer = await preview(shop, issuer)
    assert answer.status == 200
    assert answer.body == {
        **priced(1),
        "items": [{**line("sku-0"), "available": 2}],
        "shipping_options": [],
        "notices": [],
        "degraded": [],
    }
    assert till.asked("order") == ["POST /orders/preview"]
    assert b"sku-0" in till.heard[0].body


async def test_what_stands_in_the_way_is_noticed(shop: Instance, till: Services, issuer: Issuer) -> None:
    till.answer("order", "POST /orders/preview", priced(3))
    levels = [{"sku": "sku-0", "available": 1}, {"sku": "sku-1", "available": None}]
    till.answer("inventory", "GET /stock", {"items": levels})
    dearer = {"sku": "sku-1", "attributes": {}, "price": {"amount": 2999, "currency": "USD"}}
    till.answer("product", "GET /product-batch", {"items": [{"status": "active", "variants": [dearer]}]})
    body = (await preview(shop, issuer)).body
    assert [(notice["code"], notice["sku"]) for notice in body["notices"]] == [
        ("not_enough_stock", "sku-0"),
        ("price_changed", "sku-1"),
        ("out_of_stock", "sku-2"),
    ]
    assert body["notices"][0]["detail"] == "1 of 2 are available"
    assert [line["available"] for line in body["items"]] == [1, None, 0]


@pytest.mark.parametrize("count", [1, 50])
async def test_the_number_of_calls_does_not_depend_on_the_basket(
    shop: Instance, till: Services, issuer: Issuer, count: int
) -> None:
    till.answer("order", "POST /orders/preview", priced(count))
    till.answer("product", "GET /product-batch", catalogue(count))
    assert len((await preview(shop, issuer)).body["items"]) == count
    assert sorted(heard.service for heard in till.heard) == ["inventory", "order", "product"]


async def test_nothing_is_noticed_of_what_is_not_known(
    shop: Instance, till: Services, issuer: Issuer
) -> None:
    till.refuse("inventory", "GET /stock", 503, "busy")
    till.refuse("product", "GET /product-batch", 503, "busy")
    body = (await preview(shop, issuer)).body
    assert (body["notices"], body["degraded"]) == ([], ["prices", "stock"])
    assert (body["items"][0]["available"], body["total"]) == (None, USD)


async def test_what_the_order_service_refuses_is_refused(
    shop: Instance, till: Services, issuer: Issuer
) -> None:
    wrong = [{"field": "items.0.sku", "message": "unknown sku"}]
    till.refuse("order", "POST /orders/preview", 422, "invalid", errors=wrong)
    answer = await preview(shop, issuer)
    assert (answer.status, answer.body["errors"]) == (422, wrong)
    assert [heard.service for heard in till.heard] == ["order"]


async def test_what_is_no_order_goes_no_further(shop: Instance, till: Services, issuer: Issuer) -> None:
    assert (await preview(shop, issuer, [])).status == 422
    assert (await preview(shop, issuer, query="?user_id=u2")).fields == ["user_id"]
    async with shop.http.post("/api/v1/checkout/preview", json=WISH) as response:
        assert response.status == 401
    assert not till.heard
