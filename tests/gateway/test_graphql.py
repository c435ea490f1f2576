"""GraphQL over the same pages: what it shows, and what it asks of the services for that."""

import asyncio
from typing import Any

import orjson
import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from discovery.config.resilience import Resilience
from gateway.edge.explain import HEADER
from tests.gateway.conftest import Configure
from tests.gateway.goods import CARD, MUG, NOW, ORDER, PAYMENT, USD
from tests.gateway.graphql import GRAPHQL, ask, codes, data
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer

ADDRESS = {"full_name": "Ada", "phone": None, "street": "1 Main St", "city": "Oslo", "state": None}
ADDRESS |= {"country": "NO", "postal_code": "0150"}
WHOLE = {**ORDER, "shipping_address": ADDRESS}
WISH = {
    "items": [{"sku": "mug-s", "quantity": 2}],
    "address": {
        "fullName": "Ada",
        "street": "1 Main St",
        "city": "Oslo",
        "country": "NO",
        "postalCode": "0150",
    },
    "method": {"provider": "sandbox", "token": "tok_approve"},
}
PLACE = """
mutation Buy($items: [ItemInput!]!, $address: AddressInput!, $method: PaymentMethodInput!, $key: String!) {
  placeOrder(items: $items, shippingAddress: $address, paymentMethod: $method, idempotencyKey: $key) {
    orderId status
  }
}
"""
HISTORY = """
query ($limit: Int!) {
  orders(limit: $limit) {
    nextCursor
    items {
      orderId status total { amount currency }
      items { sku quantity product { name available } }
      payment { status captured { amount } }
    }
  }
}
"""


def orders(count: int) -> list[dict[str, Any]]:
    """So many orders, of two lines each, all of skus of their own."""
    line = ORDER["items"][0]
    return [
        {**WHOLE, "order_id": f"o{n}", "items": [{**line, "sku": f"s{n}-a"}, {**line, "sku": f"s{n}-b"}]}
        for n in range(count)
    ]


def sold(skus: list[str]) -> dict[str, Any]:
    """What the product service says of skus, each of a product of its own."""
    variant = MUG["variants"][0]
    return {"items": [{**MUG, "id": sku, "variants": [{**variant, "sku": sku}]} for sku in skus]}


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


async def test_an_order_is_placed_as_in_rest(shop: Instance, behind: Services, issuer: Issuer) -> None:
    behind.answer("order", "POST /orders", {"order_id": "o9", "status": "CREATED"}, 202)
    placed = await data(shop, PLACE, {**WISH, "key": "my-first"}, issuer.bearer("u1"))
    assert placed == {"placeOrder": {"orderId": "o9", "status": "CREATED"}}
    [heard] = behind.heard
    assert heard.headers["Idempotency-Key"] == "my-first"
    assert heard.headers["Authorization"]
    async with shop.http.post(
        "/api/v1/orders",
        json={"items": WISH["items"], "shipping_address": ADDRESS, "payment_method": WISH["method"]},
        headers={**issuer.bearer("u1"), "Idempotency-Key": "my-first"},
    ) as response:
        assert response.status == 202
    assert orjson.loads(heard.body) == orjson.loads(behind.heard[-1].body)


async def test_an_order_is_cancelled_as_in_rest(shop: Instance, behind: Services, issuer: Issuer) -> None:
    behind.answer("order", "POST /orders/o1/cancellation", {"order_id": "o1", "status": "CREATED"}, 202)
    document = 'mutation { cancelOrder(id: "o1", reason: "twice", idempotencyKey: "k") { orderId status } }'
    assert (await data(shop, document, headers=issuer.bearer("u1")))["cancelOrder"]["orderId"] == "o1"
    assert (behind.heard[0].body, behind.heard[0].headers["Idempotency-Key"]) == (b'{"reason":"twice"}', "k")


async def test_mutations_are_done_one_after_the_other(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    working = 0

    async def place(request: web.Request) -> web.Response:
        nonlocal working
        working += 1
        assert working == 1
        await asyncio.sleep(0)
        working -= 1
        return web.json_response(
            {"order_id": request.headers["Idempotency-Key"], "status": "CREATED"}, status=202
        )

    behind.handle("order", "POST /orders", place)
    one = "placeOrder(items: $items, shippingAddress: $address, paymentMethod: $method, idempotencyKey:"
    head = "mutation ($items: [ItemInput!]!, $address: AddressInput!, $method: PaymentMethodInput!)"
    document = f'{head} {{ a: {one} "1") {{ orderId }} b: {one} "2") {{ orderId }} }}'
    assert await data(shop, document, WISH, issuer.bearer("u1")) == {
        "a": {"orderId": "1"},
        "b": {"orderId": "2"},
    }


async def test_what_a_service_refuses_is_told_by_the_names_of_the_schema(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    wrong = [{"field": "shipping_address.postal_code", "message": "too long"}]
    behind.refuse("order", "POST /orders", 422, "invalid", "some fields are invalid", errors=wrong)
    answer = await ask(shop, PLACE, {**WISH, "key": "k"}, issuer.bearer("u1"))
    [error] = answer.body["errors"]
    assert (answer.status, answer.body["data"], error["path"]) == (200, {"placeOrder": None}, ["placeOrder"])
    assert (error["message"], error["extensions"]["code"]) == ("some fields are invalid", "invalid")
    assert error["extensions"]["errors"] == [{"field": "shippingAddress.postalCode", "message": "too long"}]
    assert len(error["extensions"]["trace_id"]) == 32


@pytest.mark.parametrize("key", ["", "two\nlines", "schlüssel"])
async def test_a_key_that_is_none_is_refused(
    shop: Instance, behind: Services, issuer: Issuer, key: str
) -> None:
    answer = await ask(shop, PLACE, {**WISH, "key": key}, issuer.bearer("u1"))
    assert codes(answer) == ["invalid"]
    assert answer.body["errors"][0]["extensions"]["errors"][0]["field"] == "idempotencyKey"
    assert behind.heard == []


async def test_an_optional_section_that_fails_is_named(shop: Instance, catalogue: Services) -> None:
    catalogue.refuse("inventory", "GET /stock", 500, "internal")
    answer = await ask(shop, "{ products { items { slug available } } }")
    assert (answer.status, answer.body["extensions"]["degraded"]) == (200, ["stock"])
    assert "errors" not in answer.body
    assert answer.body["data"]["products"]["items"][0] == {"slug": "mug", "available": None}


async def test_what_is_asked_for_in_batches_is_optional_too(
    shop: Instance, till: Services, issuer: Issuer
) -> None:
    for service, call in (("payment", "GET /payments"), ("product", "GET /product-batch")):
        till.refuse(service, call, 503, "busy")
    before = REGISTRY.get_sample_value("portico_sections_degraded_total", {"section": "payment"}) or 0
    answer = await ask(shop, HISTORY, {"limit": 1}, issuer.bearer("u1"))
    assert answer.body["extensions"]["degraded"] == ["payment", "products"]
    [order] = answer.body["data"]["orders"]["items"]
    assert (order["payment"], order["items"][0]["product"]) == (None, None)
    assert REGISTRY.get_sample_value("portico_sections_degraded_total", {"section": "payment"}) == before + 1


async def test_what_is_required_and_fails_is_null_with_an_error_and_the_rest_is_there(
    shop: Instance, catalogue: Services
) -> None:
    catalogue.refuse("product", "GET /showcase", 503, "busy", retry_after=7)
    answer = await ask(
        shop, '{ home { new { slug } } gone: product(id: "gone") { name } product(id: "mug") { name } }'
    )
    assert answer.status == 200
    assert answer.body["data"] == {"home": None, "gone": None, "product": {"name": "Mug"}}
    told = {error["path"][0]: error["extensions"] for error in answer.body["errors"]}
    assert (told["home"]["code"], told["home"]["retry_after"]) == ("busy", 7)
    assert told["gone"]["code"] == "not-found"


async def test_faults_of_ours_say_nothing_of_how_we_are_made(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.answer("order", "GET /orders/o1", {**WHOLE, "shipping_address": {}})
    answer = await ask(shop, '{ order(id: "o1") { shippingAddress { city } } }', headers=issuer.bearer("u1"))
    assert codes(answer) == ["internal"]
    assert answer.body["errors"][0]["message"] == "something went wrong on our side; it has been logged"


async def test_a_fault_in_a_list_takes_with_it_nothing_else(
    shop: Instance, till: Services, issuer: Issuer
) -> None:
    broken = {**WHOLE, "order_id": "o2", "shipping_address": {}}
    till.answer("order", "GET /orders", {"items": [WHOLE, broken], "next_cursor": None})
    document = """{
      orders { items { payment { status } shippingAddress { city } items { product { name } } } }
      order(id: "o1") { payment { status } items { product { name } } }
    }"""
    till.answer("product", "GET /product-batch", sold(["mug-s"]))
    answer = await ask(shop, document, headers=issuer.bearer("u1"))
    assert (answer.status, codes(answer)) == (200, ["internal"])
    found = {"payment": {"status": "captured"}, "items": [{"product": {"name": "Mug"}}]}
    assert answer.body["data"] == {"orders": None, "order": found}
    assert answer.body["extensions"]["degraded"] == []


async def test_the_deadline_is_that_of_what_reads(
    shop: Instance, behind: Services, issuer: Issuer, configure: Configure
) -> None:
    await configure(Resilience, read_seconds=0.05)

    async def never(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    behind.handle("order", "GET /orders", never)
    async with asyncio.timeout(3):
        answer = await ask(shop, "{ orders { nextCursor } }", headers=issuer.bearer("u1"))
    assert codes(answer) == ["deadline-exceeded"]
    assert int(behind.heard[0].headers["x-envoy-expected-rq-timeout-ms"]) <= 50


async def test_operators_are_told_why(shop: Instance, catalogue: Services, issuer: Issuer) -> None:
    headers = {**issuer.bearer("s", "support"), HEADER: "1"}
    answer = await ask(shop, '{ product(id: "mug") { name } }', headers=headers)
    told = answer.headers[HEADER]
    assert '"route":"POST /graphql"' in told
    assert '"call":"GET /products/mug"' in told


async def test_answers_are_nobody_else_s(shop: Instance, catalogue: Services) -> None:
    for accepted in ("application/json", "application/graphql-response+json"):
        answer = await ask(shop, "{ home { new { slug } } }", headers={"Accept": accepted})
        assert answer.headers["Content-Type"].partition(";")[0] == accepted
        assert answer.headers["Cache-Control"] == "private, no-store"


async def test_one_of_several_operations(shop: Instance, catalogue: Services) -> None:
    document = "query A { categories { name } } query B { __typename }"
    answer = await ask(shop, document, operationName="B", extensions={"clientLibrary": {"name": "any"}})
    assert answer.body["data"] == {"__typename": "Query"}
    assert catalogue.heard == []
    assert (await ask(shop, document)).status == 400


async def test_nothing_but_post(shop: Instance) -> None:
    async with shop.http.get(f"{GRAPHQL}?query={{__typename}}") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
