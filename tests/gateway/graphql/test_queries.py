"""The same pages as in REST: what they show, and what they ask of the services for that."""

from typing import Any

import pytest

from tests.gateway.goods import CARD, MUG, NOW, ORDER, PAYMENT, USD
from tests.gateway.graphql.asking import HISTORY, WHOLE, WISH, data, sold
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer


def orders(count: int) -> list[dict[str, Any]]:
    """So many orders, of two lines each, all of skus of their own."""
    line = ORDER["items"][0]
    return [
        {**WHOLE, "order_id": f"o{n}", "items": [{**line, "sku": f"s{n}-a"}, {**line, "sku": f"s{n}-b"}]}
        for n in range(count)
    ]


async def test_a_product_with_all_there_is_to_it(shop: Instance, catalogue: Services) -> None:
    document = """{ product(id: "mug") {
        id slug price { amount currency } compareAtPrice { amount } tags seo { title } publishedAt available
        images { url primary } variants { sku attributes { name value } available } related { slug price { amount } }
    } }"""
    assert (await data(shop, document))["product"] == {
        "id": "p1",
        "slug": "mug",
        "price": USD,
        "compareAtPrice": None,
        "tags": ["blue"],
        "seo": {"title": None},
        "publishedAt": NOW,
        "available": 5,
        "images": [{"url": "/mug.jpg", "primary": True}],
        "variants": [
            {"sku": "mug-s", "attributes": [{"name": "size", "value": "S"}], "available": 2},
            {"sku": "mug-l", "attributes": [{"name": "size", "value": "L"}], "available": 3},
        ],
        "related": [{"slug": "spoon", "price": {"amount": 1999}}],
    }
    assert catalogue.asked("inventory") == ["GET /stock?skus=mug-s,mug-l"]


async def test_products_are_found_as_in_rest(shop: Instance, catalogue: Services) -> None:
    document = """{ products(q: "mug", category: "kitchen/coffee", minPrice: 0, sort: PRICE_DESCENDING, limit: 2) {
        items { slug available } nextCursor facets { brands { value count } complete }
    } }"""
    assert (await data(shop, document))["products"] == {
        "items": [{"slug": "mug", "available": 5}, {"slug": "spoon", "available": 0}],
        "nextCursor": "more",
        "facets": {"brands": [{"value": "Acme", "count": 1}], "complete": True},
    }
    [asked] = catalogue.asked("product")
    assert asked == "GET /products?q=mug&category=kitchen%2Fcoffee&min_price=0&sort=-price&limit=2"
    assert catalogue.asked("inventory") == ["GET /stock?skus=mug-s,mug-l,spoon"]


async def test_home_and_categories(
    shop: Instance, catalogue: Services, till: Services, issuer: Issuer
) -> None:
    document = (
        "{ home { featured { slug available } new { slug } categories { path } recentOrders { orderId } } }"
    )
    public = {
        "featured": [{"slug": "mug", "available": 5}],
        "new": [{"slug": "spoon"}],
        "categories": [{"path": "kitchen"}],
    }
    assert (await data(shop, document))["home"] == {**public, "recentOrders": None}
    assert till.asked("order") == []
    known = await data(shop, document, headers=issuer.bearer("u1"))
    assert known["home"] == {**public, "recentOrders": [{"orderId": "o1"}]}
    assert till.asked("order") == ["GET /orders?limit=5"]
    assert (await data(shop, "{ categories { name children { name } } }"))["categories"] == [
        {"name": "Kitchen", "children": []}
    ]


async def test_public_pages_are_cached_and_asked_for_as_nobody(
    shop: Instance, catalogue: Services, issuer: Issuer
) -> None:
    document = '{ product(id: "mug") { name available } products { items { slug available } } }'
    first = await data(shop, document, headers=issuer.bearer("u1"))
    asked = len(catalogue.heard)
    assert await data(shop, document) == first
    assert len(catalogue.heard) == asked
    assert not any("Authorization" in heard.headers for heard in catalogue.heard)
    await data(shop, document, headers=issuer.bearer("s", "support"))
    assert len(catalogue.heard) == 2 * asked
    assert "Authorization" in catalogue.heard[-1].headers


@pytest.mark.parametrize("count", [1, 30])
async def test_the_number_of_calls_does_not_depend_on_how_much_is_shown(
    shop: Instance, behind: Services, issuer: Issuer, count: int
) -> None:
    listed = orders(count)
    skus = [line["sku"] for order in listed for line in order["items"]]
    paid = [{**PAYMENT, "order_id": order["order_id"]} for order in listed]
    behind.answer("order", "GET /orders", {"items": listed, "next_cursor": "more"})
    behind.answer("payment", "GET /payments", {"items": paid})
    behind.answer("product", "GET /product-batch", sold(skus))
    behind.answer("inventory", "GET /stock", {"items": [{"sku": sku, "available": 7} for sku in skus]})
    page = (await data(shop, HISTORY, {"limit": 40}, issuer.bearer("u1")))["orders"]
    assert page["nextCursor"] == "more"
    assert [order["orderId"] for order in page["items"]] == [f"o{n}" for n in range(count)]
    for order in page["items"]:
        assert order["payment"] == {"status": "captured", "captured": {"amount": 1999}}
        assert [line["product"] for line in order["items"]] == [{"name": "Mug", "available": 7}] * 2
    calls = sorted(f"{heard.service} {heard.target.partition('?')[0]}" for heard in behind.heard)
    assert calls == ["inventory /stock", "order /orders", "payment /payments", "product /product-batch"]


async def test_related_products_have_their_stock_in_one_batch(shop: Instance, catalogue: Services) -> None:
    others = [{**CARD, "id": f"r{n}", "slug": f"r{n}", "skus": [f"r{n}-a", f"r{n}-b"]} for n in range(20)]
    catalogue.answer("product", "GET /products/p1/related", {"items": others})
    found = (await data(shop, '{ product(id: "mug") { related { available } } }'))["product"]
    assert len(found["related"]) == 20
    assert len(catalogue.asked("inventory")) == 2


async def test_only_what_is_asked_for_is_fetched(shop: Instance, till: Services, issuer: Issuer) -> None:
    document = (
        '{ order(id: "o1") { status timeline { sequence status at } shippingAddress { fullName state } } }'
    )
    assert (await data(shop, document, headers=issuer.bearer("u1")))["order"] == {
        "status": "CANCELLED",
        "timeline": [{"sequence": 1, "status": "CREATED", "at": NOW}],
        "shippingAddress": {"fullName": "Ada", "state": None},
    }
    assert [heard.service for heard in till.heard] == ["order"]


async def test_one_s_own_account(shop: Instance, till: Services, issuer: Issuer) -> None:
    account = {"user_id": "u1", "email": "ada@example.test", "roles": ["customer"], "registered_at": NOW}
    till.answer("auth", "GET /accounts/me", account)
    till.answer("order", "GET /orders/counts", {"by_status": {"CONFIRMED": 3}, "complete": True})
    document = """{ account {
        userId email fullName recentOrders { orderId payment { status } } orderCounts { byStatus { status count } }
    } }"""
    assert (await data(shop, document, headers=issuer.bearer("u1")))["account"] == {
        "userId": "u1",
        "email": "ada@example.test",
        "fullName": None,
        "recentOrders": [{"orderId": "o1", "payment": {"status": "captured"}}],
        "orderCounts": {"byStatus": [{"status": "CONFIRMED", "count": 3}]},
    }


async def test_what_is_asked_for_twice_is_fetched_once(
    shop: Instance, till: Services, issuer: Issuer
) -> None:
    account = {"user_id": "u1", "email": "ada@example.test", "roles": ["customer"], "registered_at": NOW}
    till.answer("auth", "GET /accounts/me", account)
    twice = "a: recentOrders { payment { status } } b: recentOrders { orderId }"
    found = await data(shop, f"{{ account {{ {twice} }} }}", headers=issuer.bearer("u1"))
    assert len(found["account"]["a"]) == len(found["account"]["b"]) == 1
    assert sorted(heard.service for heard in till.heard) == ["auth", "order", "payment"]


async def test_a_checkout_preview(shop: Instance, behind: Services, issuer: Issuer) -> None:
    line = {**ORDER["items"][0], "quantity": 2}
    priced = {
        **{name: ORDER[name] for name in ("subtotal", "discount", "shipping", "total")},
        "items": [line],
    }
    behind.answer("order", "POST /orders/preview", priced)
    behind.answer("inventory", "GET /stock", {"items": [{"sku": "mug-s", "available": 1}]})
    behind.answer("product", "GET /product-batch", {"items": [MUG]})
    document = """query ($items: [ItemInput!]!, $address: AddressInput) {
      checkoutPreview(items: $items, shippingAddress: $address) {
        items { sku available } total { amount } notices { code sku }
      }
    }"""
    variables = {name: WISH[name] for name in ("items", "address")}
    assert (await data(shop, document, variables, issuer.bearer("u1")))["checkoutPreview"] == {
        "items": [{"sku": "mug-s", "available": 1}],
        "total": {"amount": 1999},
        "notices": [{"code": "not_enough_stock", "sku": "mug-s"}],
    }
    assert len(behind.asked("inventory")) == 1
