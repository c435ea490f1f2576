"""Two versions of the API through Envoy: one shop, told of in two ways."""

from uuid import uuid4

import pytest

from gateway.versions import V2
from tests.journeys.shop import ADDRESS, Json, Shop, User

AGE = ("deprecation", "sunset", "link")


def wish(sku: str) -> Json:
    """An order of one."""
    return {
        "items": [{"sku": sku, "quantity": 1}],
        "shipping_address": ADDRESS,
        "payment_method": {"provider": "sandbox", "token": "tok_approve"},
    }


async def test_an_order_placed_in_one_version_is_read_in_the_other(store: Shop) -> None:
    customer = await store.customer()
    order_id = await customer.order(await store.product(stock=2, price=1500))
    flat = await customer.ended(order_id)
    nested = await customer.get(f"/api/v2/orders/{order_id}")
    assert nested["customer"] == {"user_id": customer.user_id}
    assert nested["totals"] == {name: flat[name] for name in ("subtotal", "discount", "shipping", "total")}
    assert nested["totals"]["total"] == {"amount": 1500, "currency": "USD"}
    assert nested["state"] == {"status": "CONFIRMED", "reason": None, "history": flat["timeline"]}
    assert (nested["payment"], nested["items"]) == (flat["payment"], flat["items"])
    listed = await customer.get("/api/v2/orders")
    assert listed["items"] == [{name: nested[name] for name in listed["items"][0]}]
    assert listed["next"] is None
    home, account = await customer.get("/api/v2/home"), await customer.get("/api/v2/account")
    assert home["recent_orders"] == account["recent_orders"] == listed["items"]


@pytest.mark.parametrize(("first", "then"), [("v1", "v2"), ("v2", "v1")])
async def test_the_same_key_is_the_same_order_in_either_version(store: Shop, first: str, then: str) -> None:
    customer, key = await store.customer(), uuid4().hex
    body = wish(await store.product(stock=5))
    placed = await customer.call("POST", f"/api/{first}/orders", body, key)
    again = await customer.call("POST", f"/api/{then}/orders", body, key)
    assert (placed.status, again.status) == (202, 202)
    order_id = placed.body["order_id"]
    assert again.body == {
        **placed.body,
        "status_url": f"/api/{then}/orders/{order_id}/status",
        "events_url": f"/api/{then}/orders/{order_id}/events",
    }
    for field in ("status_url", "events_url"):
        assert (await customer.call("GET", again.body[field])).status == 200
    another = {**body, "items": [{"sku": body["items"][0]["sku"], "quantity": 2}]}
    assert (await customer.call("POST", f"/api/{then}/orders", another, key)).status == 422
    assert len((await customer.get("/api/v2/orders"))["items"]) == 1


async def walked(user: User, path: str | None) -> list[str]:
    """The ids of all orders, by following the links."""
    seen: list[str] = []
    while path is not None:
        page = await user.get(path)
        seen += [order["order_id"] for order in page["items"]]
        path = page["next"]
    return seen


async def test_links_lead_through_a_whole_list(store: Shop) -> None:
    sku = await store.product(stock=50)
    customer = await store.customer()
    placed = [await customer.order(sku) for _ in range(5)]
    assert await walked(customer, "/api/v2/orders?limit=2") == placed[::-1]
    assert await customer.orders(limit=2) == placed[::-1]


async def test_what_is_old_says_so_through_envoy_and_only_that(store: Shop) -> None:
    retires = V2.retires
    assert retires
    answer = await store.anyone.call("GET", "/api/v1/products?limit=1")
    assert answer.headers["deprecation"] == f"@{int(retires.deprecated.timestamp())}"
    assert answer.headers["sunset"] == retires.headers["Sunset"]
    assert answer.headers["link"].startswith('</api/v2/products>; rel="successor-version", ')
    refused = await store.anyone.call("GET", "/api/v1/orders/o1")
    assert (refused.status, "deprecation" in refused.headers) == (401, True)
    for path in ("/api/v1/categories", "/api/v2/products?limit=1", "/api/v1/nothing", "/api/v3/products"):
        answer = await store.anyone.call("GET", path)
        assert not [name for name in AGE if name in answer.headers], path
    assert answer.status == 404
