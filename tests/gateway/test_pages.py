"""Pages made of several services' answers, whole and with sections missing."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from discovery.config.resilience import Resilience
from tests.gateway.conftest import Configure
from tests.gateway.goods import CARD, MUG, ORDER, PAYMENT, USD, get
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer


@pytest.fixture
def catalogue(behind: Services) -> Services:
    """A mug in two sizes, with stock, and a spoon that goes with it."""
    behind.answer("product", "GET /products/mug", MUG)
    spoon = {**CARD, "id": "p2", "slug": "spoon", "skus": ["spoon"]}
    behind.answer("product", "GET /products/p1/related", {"items": [spoon]})
    listed = {
        "items": [{**CARD, "skus": ["mug-s", "mug-l"]}, spoon],
        "next_cursor": "more",
        "facets": {"brands": []},
    }
    behind.answer("product", "GET /products", listed)
    levels = [{"sku": "mug-s", "available": 2}, {"sku": "mug-l", "available": 3}]
    behind.answer("inventory", "GET /stock", {"items": levels})
    return behind


async def test_a_product_page(shop: Instance, catalogue: Services) -> None:
    page = await get(shop, "/api/v1/products/mug")
    assert {name: page[name] for name in CARD} == CARD
    assert [(variant["sku"], variant["available"]) for variant in page["variants"]] == [
        ("mug-s", 2),
        ("mug-l", 3),
    ]
    assert (page["available"], page["rating"], page["reviews"], page["degraded"]) == (5, None, None, [])
    assert [(card["slug"], card["price"]) for card in page["related"]] == [("spoon", USD)]
    assert catalogue.asked("inventory") == ["GET /stock?skus=mug-s,mug-l"]


async def test_a_product_list_asks_for_all_stock_at_once(shop: Instance, catalogue: Services) -> None:
    page = await get(shop, "/api/v1/products?q=mug&limit=2")
    assert [(card["slug"], card["available"]) for card in page["items"]] == [("mug", 5), ("spoon", 0)]
    assert (page["next_cursor"], page["facets"], page["degraded"]) == ("more", {"brands": []}, [])
    assert catalogue.asked("product") == ["GET /products?q=mug&limit=2"]
    assert catalogue.asked("inventory") == ["GET /stock?skus=mug-s,mug-l,spoon"]


async def test_an_empty_list_asks_for_no_stock(shop: Instance, behind: Services) -> None:
    behind.answer("product", "GET /products", {"items": [], "next_cursor": None, "facets": {}})
    assert (await get(shop, "/api/v1/products"))["items"] == []
    assert behind.asked("inventory") == []


async def test_a_section_that_fails_is_named_and_the_rest_is_there(
    shop: Instance, catalogue: Services
) -> None:
    catalogue.refuse("inventory", "GET /stock", 500, "internal")
    catalogue.refuse("product", "GET /products/p1/related", 503, "busy")
    before = REGISTRY.get_sample_value("portico_sections_degraded_total", {"section": "related"}) or 0
    page = await get(shop, "/api/v1/products/mug")
    assert page["degraded"] == ["related", "stock"]
    assert (page["name"], page["available"], page["related"]) == ("Mug", None, None)
    assert {variant["available"] for variant in page["variants"]} == {None}
    listed = await get(shop, "/api/v1/products")
    assert (listed["degraded"], listed["items"][0]["available"]) == (["stock"], None)
    assert REGISTRY.get_sample_value("portico_sections_degraded_total", {"section": "related"}) == before + 1


async def test_a_section_that_is_late_is_not_waited_for(
    shop: Instance, catalogue: Services, configure: Configure
) -> None:
    await configure(Resilience, optional_seconds=0.5)
    catalogue.hang("inventory", "GET /stock")
    async with asyncio.timeout(3):
        page = await get(shop, "/api/v1/products/mug")
    assert (page["degraded"], page["related"][0]["slug"]) == (["stock"], "spoon")
    assert int(catalogue.heard[-1].headers["x-envoy-expected-rq-timeout-ms"]) <= 500


async def test_without_a_product_there_is_no_page(shop: Instance, behind: Services) -> None:
    behind.refuse("product", "GET /products/mug", 404, "not-found", "there is no such product")
    async with shop.http.get("/api/v1/products/mug") as response:
        assert (response.status, (await response.json())["detail"]) == (404, "there is no such product")


async def test_an_order_page(shop: Instance, behind: Services, issuer: Issuer) -> None:
    behind.answer("order", "GET /orders/o1", ORDER)
    behind.answer("payment", "GET /payments", {"items": [PAYMENT]})
    page = await get(shop, "/api/v1/orders/o1", issuer.bearer("u1"))
    unchanged = ORDER.keys() - {"user_id", "payment_id"}
    assert {name: page[name] for name in unchanged} == {name: ORDER[name] for name in unchanged}
    assert (page["payment"], page["shipment"], page["degraded"]) == (PAYMENT, None, [])
    assert behind.asked("payment") == ["GET /payments?order_ids=o1"]


async def test_an_order_page_before_and_without_its_payment(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.answer("order", "GET /orders/o1", ORDER)
    behind.answer("payment", "GET /payments", {"items": []})
    page = await get(shop, "/api/v1/orders/o1", issuer.bearer("u1"))
    assert (page["payment"], page["degraded"]) == (None, [])
    behind.refuse("payment", "GET /payments", 500, "internal")
    page = await get(shop, "/api/v1/orders/o1", issuer.bearer("u1"))
    assert (page["payment"], page["degraded"]) == (None, ["payment"])


async def test_somebody_else_s_order_is_not_there_whatever_its_payment_says(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.answer("payment", "GET /payments", {"items": []})
    async with shop.http.get("/api/v1/orders/o1", headers=issuer.bearer("u2")) as response:
        assert response.status == 404
