"""Asking a gateway in GraphQL."""

from typing import Any

from tests.answers import Answer
from tests.gateway.goods import MUG, ORDER
from tests.instances import Instance

GRAPHQL = "/graphql"
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


async def ask(
    shop: Instance,
    document: str,
    variables: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Answer:
    """Whatever comes of a document."""
    body = {"query": document, "variables": variables, **more}
    async with shop.http.post(GRAPHQL, json=body, headers=headers) as response:
        return await Answer.of(response)


async def data(
    shop: Instance,
    document: str,
    variables: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """What was asked for, of which nothing may be missing."""
    answer = await ask(shop, document, variables, headers)
    assert answer.status == 200, answer
    assert "errors" not in answer.body, answer.body
    assert answer.body["extensions"]["degraded"] == []
    found: dict[str, Any] = answer.body["data"]
    return found


def codes(answer: Answer) -> list[str]:
    """The codes of an answer's errors."""
    return [error["extensions"]["code"] for error in answer.body["errors"]]


def sold(skus: list[str]) -> dict[str, Any]:
    """What the product service says of skus, each of a product of its own."""
    variant = MUG["variants"][0]
    return {"items": [{**MUG, "id": sku, "variants": [{**variant, "sku": sku}]} for sku in skus]}
