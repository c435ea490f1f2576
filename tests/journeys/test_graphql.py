"""GraphQL through the door of the running platform."""

from typing import Any
from uuid import uuid4

import pytest

from tests.journeys.shop import Answer, Shop, User
from tests.otlp import OtlpReceiver
from tests.parts import eventually

ADDRESS = {
    "fullName": "Ada L.",
    "street": "1 Main St",
    "city": "Oslo",
    "country": "NO",
    "postalCode": "0150",
}
PLACE = """
mutation Buy($items: [ItemInput!]!, $address: AddressInput!, $token: String!, $key: String!) {
  placeOrder(
    items: $items, shippingAddress: $address, idempotencyKey: $key,
    paymentMethod: {provider: "sandbox", token: $token}
  ) { orderId status }
}
"""
ORDER = """
query ($id: ID!) {
  order(id: $id) {
    status reason total { amount currency } shippingAddress { fullName postalCode }
    items { sku quantity product { slug available } }
    timeline { sequence status } payment { status captured { amount } }
  }
}
"""


async def ask(user: User, document: str, **variables: Any) -> Answer:
    """Whatever comes of a document."""
    return await user.call("POST", "/graphql", {"query": document, "variables": variables})


async def data(user: User, document: str, **variables: Any) -> Any:
    """What was asked for, of which nothing may be missing."""
    answer = await ask(user, document, **variables)
    assert (answer.status, answer.body.get("errors")) == (200, None), answer
    assert answer.body["extensions"]["degraded"] == []
    return answer.body["data"]


async def code(user: User, document: str, **variables: Any) -> str:
    """Why nothing came of it."""
    answer = await ask(user, document, **variables)
    return str(answer.body["errors"][0]["extensions"]["code"])


async def test_from_the_shelf_to_a_confirmed_order(store: Shop) -> None:
    sku = await store.product(stock=5, price=1999)
    customer, another = await store.customer(), await store.customer()
    shelf = "query ($id: ID!) { product(id: $id) { price { amount } available variants { sku available } } }"
    assert (await data(store.anyone, shelf, id=sku))["product"] == {
        "price": {"amount": 1999},
        "available": 5,
        "variants": [{"sku": sku, "available": 5}],
    }
    wish = {"items": [{"sku": sku, "quantity": 2}], "address": ADDRESS, "token": "tok_approve"}
    preview = """query ($items: [ItemInput!]!, $address: AddressInput) {
      checkoutPreview(items: $items, shippingAddress: $address) { total { amount } notices { code } }
    }"""
    found = await data(customer, preview, items=wish["items"], address=ADDRESS)
    assert found["checkoutPreview"] == {"total": {"amount": 3998}, "notices": []}

    key = uuid4().hex
    placed = await data(customer, PLACE, **wish, key=key)
    assert placed == await data(customer, PLACE, **wish, key=key)
    order_id = placed["placeOrder"]["orderId"]
    assert (await customer.ended(order_id))["status"] == "CONFIRMED"
    order = (await data(customer, ORDER, id=order_id))["order"]
    assert (order["status"], order["reason"], order["total"]["amount"]) == ("CONFIRMED", None, 3998)
    assert order["payment"] == {"status": "captured", "captured": {"amount": 3998}}
    assert order["items"] == [{"sku": sku, "quantity": 2, "product": {"slug": sku, "available": 3}}]
    assert [entry["status"] for entry in order["timeline"]] == ["CREATED", "PENDING", "PAID", "CONFIRMED"]
    account = await data(customer, "{ account { userId orderCounts { byStatus { status count } } } }")
    assert account["account"] == {
        "userId": customer.user_id,
        "orderCounts": {"byStatus": [{"status": "CONFIRMED", "count": 1}]},
    }

    assert await code(another, ORDER, id=order_id) == "not-found"
    assert await code(store.anyone, ORDER, id=order_id) == "unauthenticated"
    assert (await data(store.support, ORDER, id=order_id))["order"]["status"] == "CONFIRMED"
    stock = "query ($sku: String!) { stock(sku: $sku) { quantity reserved available } }"
    assert (await data(store.support, stock, sku=sku))["stock"] == {
        "quantity": 3,
        "reserved": 0,
        "available": 3,
    }
    assert await code(customer, stock, sku=sku) == "forbidden"


async def test_an_order_is_cancelled_once(store: Shop) -> None:
    customer = await store.customer()
    order_id = await customer.order(await store.product(stock=1))
    await customer.ended(order_id)
    document = """mutation ($id: ID!, $key: String!) {
      cancelOrder(id: $id, reason: "ordered twice", idempotencyKey: $key) { orderId }
    }"""
    assert (await data(customer, document, id=order_id, key="once"))["cancelOrder"] == {"orderId": order_id}

    async def cancelled() -> bool:
        found = await data(customer, ORDER, id=order_id)
        return (found["order"]["status"], found["order"]["reason"]) == ("CANCELLED", "requested")

    await eventually(cancelled)
    assert await code(customer, document, id=order_id, key="again") == "order-not-cancellable"


async def test_pages_of_one_s_orders(store: Shop) -> None:
    customer = await store.customer()
    sku = await store.product(stock=10)
    placed = [await customer.order(sku) for _ in range(3)]
    document = """query ($limit: Int!, $cursor: String) {
      orders(limit: $limit, cursor: $cursor) { items { orderId } nextCursor }
    }"""
    first = (await data(customer, document, limit=2))["orders"]
    second = (await data(customer, document, limit=2, cursor=first["nextCursor"]))["orders"]
    seen = [order["orderId"] for page in (first, second) for order in page["items"]]
    assert (seen, second["nextCursor"]) == (placed[::-1], None)
    assert await code(customer, document, limit=0) == "invalid"
    assert await code(customer, document, limit=2, cursor="nonsense") == "invalid"


async def test_a_change_of_a_product_is_seen_at_once(store: Shop) -> None:
    slug = await store.product(stock=1)
    document = "query ($id: ID!) { product(id: $id) { id name } }"
    product = (await data(store.anyone, document, id=slug))["product"]
    answer = await store.admin.call("PATCH", f"/api/v1/products/{product['id']}", {"name": "Another"})
    assert answer.status == 200, answer

    async def seen() -> bool:
        return bool((await data(store.anyone, document, id=slug))["product"]["name"] == "Another")

    await eventually(seen, seconds=1)


async def test_spans_are_named_by_what_is_done(store: Shop, traces: OtlpReceiver) -> None:
    answer = await ask(store.anyone, "query Shelf { products { nextCursor } }")
    trace_id = answer.headers["traceparent"].split("-")[1]
    await eventually(lambda: "graphql query" in {span.name for _, span in traces.spans[trace_id]})


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("PUT", 405)])
async def test_nothing_but_post_comes_through(store: Shop, method: str, status: int) -> None:
    assert (await store.anyone.call(method, "/graphql")).status == status
