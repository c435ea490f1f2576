"""Composed pages of real services."""

from tests.journeys.shop import ADDRESS, Json, Shop
from tests.parts import eventually


def usd(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "USD"}


async def test_a_featured_product_is_at_home_with_its_stock(store: Shop) -> None:
    slug = await store.product(stock=7, tags=["featured"], category="lighting/lamps")

    async def with_it() -> Json | None:
        home: Json = await store.anyone.get("/api/v1/home")
        return home if home["new"][0]["slug"] == slug else None

    home = await eventually(with_it, seconds=1)
    assert (home["degraded"], home["recent_orders"]) == ([], None)
    assert [home[section][0]["slug"] for section in ("featured", "new")] == [slug, slug]
    assert [home[section][0]["available"] for section in ("featured", "new")] == [7, 7]
    assert "lighting" in {category["path"] for category in home["categories"]}


async def test_one_s_own_orders_are_at_home_and_in_one_s_account(store: Shop) -> None:
    sku = await store.product(stock=5)
    customer, another = await store.customer(), await store.customer()
    order_id = await customer.order(sku)
    await customer.ended(order_id)
    home = await customer.get("/api/v1/home")
    assert [order["order_id"] for order in home["recent_orders"]] == [order_id]
    account = await customer.get("/api/v1/account")
    assert (account["user_id"], account["roles"]) == (customer.user_id, ["customer"])
    assert account["recent_orders"] == home["recent_orders"]
    assert account["order_counts"] == {"by_status": {"CONFIRMED": 1}, "complete": True}
    assert (account["degraded"], "password_hash" in account) == ([], False)
    account = await another.get("/api/v1/account")
    assert (account["recent_orders"], account["order_counts"]["by_status"]) == ([], {})


async def test_a_preview_tells_what_the_order_will_cost_and_what_is_missing(store: Shop) -> None:
    skus = [await store.product(stock=2, price=price) for price in (1999, 501)]
    customer = await store.customer()
    body = {"items": [{"sku": sku, "quantity": 2} for sku in skus], "shipping_address": ADDRESS}
    preview = (await customer.call("POST", "/api/v1/checkout/preview", body)).body
    assert (preview["total"], preview["notices"], preview["degraded"]) == (usd(5000), [], [])
    assert [item["available"] for item in preview["items"]] == [2, 2]
    assert await customer.orders() == []

    paid = {**body, "payment_method": {"provider": "sandbox", "token": "tok_approve"}}
    placed = await customer.call("POST", "/api/v1/orders", paid, "the-previewed-one")
    order = await customer.ended(placed.body["order_id"])
    shown = ("subtotal", "discount", "shipping", "total")
    assert {name: order[name] for name in shown} == {name: preview[name] for name in shown}
    for item, line in zip(preview["items"], order["items"], strict=True):
        assert item == {**line, "available": 2}

    preview = (await customer.call("POST", "/api/v1/checkout/preview", paid)).body
    assert [notice["code"] for notice in preview["notices"]] == ["out_of_stock", "out_of_stock"]


async def test_a_price_that_is_changing_is_noticed_or_charged_but_never_missed(store: Shop) -> None:
    sku = await store.product(stock=2, price=1000)
    customer = await store.customer()
    product_id = (await customer.get(f"/api/v1/products/{sku}"))["id"]
    change = {"price": usd(2000)}
    assert (await store.admin.call("PATCH", f"/api/v1/products/{product_id}", change)).status == 200
    body = {"items": [{"sku": sku, "quantity": 1}]}

    async def new_price() -> bool:
        preview = (await customer.call("POST", "/api/v1/checkout/preview", body)).body
        old = preview["total"] == usd(1000)
        assert [notice["code"] for notice in preview["notices"]] == (["price_changed"] if old else [])
        return not old

    await eventually(new_price, seconds=1)
