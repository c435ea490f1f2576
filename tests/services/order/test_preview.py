"""What an order would cost, told by the service that would place it."""

from typing import Any

import pytest

from tests.answers import Answer
from tests.services.order.world import ADDRESS, World

TWO_PRESSES = {"items": [{"sku": "press", "quantity": 2}]}
PAID = {"payment_method": {"provider": "sandbox", "token": "tok_approve"}}


async def preview(world: World, body: Any, user: str | None = "u1") -> Answer:
    headers = world.issuer.bearer(user) if user else None
    async with world.service.http.post("/orders/preview", json=body, headers=headers) as response:
        return await Answer.of(response)


@pytest.mark.parametrize(
    "more", [{}, PAID, {"shipping_address": ADDRESS}, {"shipping_address": ADDRESS, **PAID}]
)
async def test_a_preview_says_what_the_order_then_says(world: World, more: dict[str, Any]) -> None:
    answer = await preview(world, {**TWO_PRESSES, **more})
    assert answer.status == 200
    _, placed = await world.place()
    order = await world.order(placed["order_id"])
    assert answer.body == {name: order[name] for name in answer.body}
    assert (answer.body["total"], len(answer.body["items"])) == ({"amount": 6998, "currency": "USD"}, 1)


async def test_a_preview_leaves_nothing_behind(world: World) -> None:
    before = await contents(world)
    assert (await preview(world, TWO_PRESSES)).status == 200
    assert await contents(world) == before


async def contents(world: World) -> dict[str, int]:
    db = world.here.db("order")
    return {name: await db[name].count_documents({}) for name in await db.list_collection_names()}


async def test_a_preview_is_for_those_who_have_signed_in(world: World) -> None:
    assert (await preview(world, TWO_PRESSES, user=None)).status == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"items": []}, "items"),
        ({"items": [{"sku": f"s{n}", "quantity": 1} for n in range(101)]}, "items"),
        ({"items": [{"sku": "nope", "quantity": 1}]}, "items.0.sku"),
        ({"items": [{"sku": "press", "quantity": -1}]}, "items.0.quantity"),
        ({"items": [{"sku": "press", "quantity": 10**30}]}, "items.0.quantity"),
        ({"items": [{"sku": "press", "quantity": 1}] * 2}, "items.1.sku"),
        ({"items": [{"sku": {"$ne": ""}, "quantity": 1}]}, "items.0.sku"),
        ({"items": [{"sku": "press", "quantity": 1, "unit_price": 1}]}, "items.0.unit_price"),
        ({"user_id": "somebody-else"}, "user_id"),
        ({"total": {"amount": 1, "currency": "USD"}}, "total"),
        ({"coupon_code": "X"}, "coupon_code"),
        ({"shipping_option": "fast"}, "shipping_option"),
        ({"cart": True}, "cart"),
        ({"payment_method": {"provider": "sandbox", "token": "tok_free"}}, "payment_method.token"),
        ({"shipping_address": {**ADDRESS, "city": ""}}, "shipping_address.city"),
    ],
)
async def test_a_wrong_field_is_named(world: World, changes: dict[str, Any], field: str) -> None:
    answer = await preview(world, {**TWO_PRESSES, **changes})
    assert (answer.status, answer.fields) == (422, [field])
