"""Orders are placed and cancelled as in REST."""

import asyncio

import orjson
import pytest
from aiohttp import web

from tests.gateway.graphql.asking import ADDRESS, PLACE, WISH, ask, codes, data
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer


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
