"""Orders, all the way through Envoy and back."""

import asyncio
import time
from uuid import uuid4

import pytest

from tests.journeys.shop import Shop


async def test_an_order_is_confirmed_and_leaves_the_stock(store: Shop) -> None:
    sku = await store.product(stock=10, price=1500)
    customer = await store.customer()
    placed = await customer.place(sku, 3)
    assert placed.status == 202
    order_id = placed.body["order_id"]
    assert placed.body["status_url"].endswith(f"/api/v1/orders/{order_id}/status")
    seen = await customer.follow(order_id)
    assert [(event.event, event.id, event.data["status"]) for event in seen] == [
        ("order.status", "1", "CREATED"),
        ("order.status", "2", "PENDING"),
        ("order.status", "3", "PAID"),
        ("order.status", "4", "CONFIRMED"),
    ]
    order = await customer.get(f"/api/v1/orders/{order_id}")
    assert (order["status"], order["degraded"]) == ("CONFIRMED", [])
    assert order["total"] == {"amount": 4500, "currency": "USD"}
    assert order["payment"]["status"] == "captured"
    assert [entry["status"] for entry in order["timeline"]] == ["CREATED", "PENDING", "PAID", "CONFIRMED"]
    stock = await store.stock(sku)
    assert (stock["quantity"], stock["reserved"], stock["available"]) == (7, 0, 7)


async def test_a_declined_order_is_cancelled_with_its_stock_released(store: Shop) -> None:
    sku = await store.product(stock=5)
    customer = await store.customer()
    order = await customer.ended(await customer.order(sku, 2, "tok_decline"))
    assert (order["status"], order["reason"]) == ("CANCELLED", "payment_declined")
    stock = await store.stock(sku)
    assert (stock["quantity"], stock["reserved"], stock["available"]) == (5, 0, 5)


@pytest.mark.parametrize(
    ("token", "status", "reasons"),
    [
        ("tok_slow", "CONFIRMED", [None]),
        ("tok_flaky", "CONFIRMED", [None]),
        ("tok_webhook_twice", "CONFIRMED", [None]),
        ("tok_webhook_early", "CONFIRMED", [None]),
        ("tok_capture_fails", "CANCELLED", ["payment_declined"]),
        ("tok_timeout", "CANCELLED", ["payment_timeout", "deadline_exceeded"]),
    ],
)
async def test_whatever_the_provider_does_the_order_ends(
    store: Shop, token: str, status: str, reasons: list[str | None]
) -> None:
    sku = await store.product(stock=5)
    customer = await store.customer()
    async with asyncio.timeout(35):
        order = await customer.ended(await customer.order(sku, 1, token))
    assert order["status"] == status
    assert order["reason"] in reasons
    stock = await store.stock(sku)
    expected = 4 if status == "CONFIRMED" else 5
    assert (stock["quantity"], stock["reserved"]) == (expected, 0)
    if status == "CANCELLED":
        assert order["payment"]["status"] in ("voided", "declined", "refunded")


async def test_more_than_there_is_is_never_sold(store: Shop) -> None:
    sku = await store.product(stock=7)
    customer = await store.customer()
    orders = await asyncio.gather(*(customer.order(sku) for _ in range(20)))
    ended = await asyncio.gather(*(customer.ended(order_id) for order_id in orders))
    assert sum(order["status"] == "CONFIRMED" for order in ended) == 7
    assert {order["reason"] for order in ended if order["status"] == "CANCELLED"} == {"out_of_stock"}
    assert (await store.stock(sku))["quantity"] == 0


async def test_a_confirmed_order_is_cancelled_with_refund_and_restock(store: Shop) -> None:
    sku = await store.product(stock=5)
    customer = await store.customer()
    order_id = await customer.order(sku, 2)
    await customer.ended(order_id)
    answer = await customer.call(
        "POST", f"/api/v1/orders/{order_id}/cancellation", {"reason": "changed"}, uuid4().hex
    )
    assert answer.status == 202
    seen = await customer.follow(order_id, query="?follow=true")
    assert seen[-1].data["status"] == "CANCELLED"
    order = await customer.get(f"/api/v1/orders/{order_id}")
    assert (order["reason"], order["payment"]["status"]) == ("requested", "refunded")
    assert (await store.stock(sku))["quantity"] == 5


async def test_the_stream_resumes_behind_what_was_seen(store: Shop) -> None:
    sku = await store.product(stock=5)
    customer = await store.customer()
    order_id = await customer.order(sku)
    await customer.follow(order_id)
    again = await customer.follow(order_id, last_event_id="2")
    assert [event.id for event in again] == ["3", "4"]
    past = await customer.call("GET", f"/api/v1/orders/{order_id}/events", **{"Last-Event-ID": "4"})
    assert past.status == 204


async def test_the_same_key_is_the_same_order(store: Shop) -> None:
    sku = await store.product(stock=5)
    customer, key = await store.customer(), uuid4().hex
    answers = await asyncio.gather(*(customer.place(sku, key=key) for _ in range(5)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["order_id"] for answer in answers}) == 1
    assert (await customer.place(sku, 2, key=key)).status == 422
    assert (await customer.call("POST", "/api/v1/orders", {})).status in (400, 422)
    assert len((await customer.get("/api/v1/orders"))["items"]) == 1


async def test_a_new_price_counts_from_the_next_order_within_a_second(store: Shop) -> None:
    sku = await store.product(stock=5, price=1000)
    customer = await store.customer()
    page = await customer.get(f"/api/v1/products/{sku}")
    answer = await store.admin.call(
        "PATCH", f"/api/v1/products/{page['id']}", {"price": {"amount": 2000, "currency": "USD"}}
    )
    assert answer.status == 200

    async def total() -> int:
        order: dict[str, dict[str, int]] = await customer.get(f"/api/v1/orders/{await customer.order(sku)}")
        return order["total"]["amount"]

    begun = changed = time.monotonic()
    while await total() != 2000:
        assert begun < changed + 1
        begun = time.monotonic()


async def test_history_pages_through_all_orders_newest_first(store: Shop) -> None:
    sku = await store.product(stock=50)
    customer = await store.customer()
    placed = [await customer.order(sku) for _ in range(5)]
    assert await customer.orders(limit=2) == placed[::-1]
