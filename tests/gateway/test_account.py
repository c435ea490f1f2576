"""The account page."""

from typing import Any

import pytest

from tests.gateway.goods import LISTED, NOW, ORDER, get
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer

ACCOUNT = {
    "user_id": "u1",
    "email": "ann@example.com",
    "full_name": None,
    "roles": ["customer"],
    "registered_at": NOW,
}
COUNTS = {"by_status": {"CONFIRMED": 3}, "complete": True}


@pytest.fixture
def known(behind: Services) -> Services:
    """Ann, with an order."""
    behind.answer("auth", "GET /accounts/me", {**ACCOUNT, "password_hash": "never"})
    behind.answer("order", "GET /orders", {"items": [ORDER], "next_cursor": None})
    behind.answer("order", "GET /orders/counts", COUNTS)
    return behind


async def account(shop: Instance, issuer: Issuer) -> dict[str, Any]:
    return await get(shop, "/api/v1/account", issuer.bearer("u1"))


async def test_an_account_with_its_orders(shop: Instance, known: Services, issuer: Issuer) -> None:
    listed = {name: ORDER[name] for name in LISTED}
    expected = {**ACCOUNT, "recent_orders": [listed], "order_counts": COUNTS, "degraded": []}
    assert await account(shop, issuer) == expected


@pytest.mark.parametrize("lines", [1, 50])
async def test_the_number_of_calls_does_not_depend_on_what_was_ordered(
    shop: Instance, known: Services, issuer: Issuer, lines: int
) -> None:
    known.answer("order", "GET /orders", {"items": [{**ORDER, "items": ORDER["items"] * lines}] * 5})
    assert len((await account(shop, issuer))["recent_orders"]) == 5
    assert len(known.heard) == 3


async def test_orders_that_cannot_be_had_are_named(shop: Instance, known: Services, issuer: Issuer) -> None:
    known.refuse("order", "GET /orders", 503, "busy")
    known.refuse("order", "GET /orders/counts", 503, "busy")
    page = await account(shop, issuer)
    assert (page["email"], page["recent_orders"], page["order_counts"]) == ("ann@example.com", None, None)
    assert page["degraded"] == ["order_counts", "recent_orders"]


async def test_without_an_account_there_is_no_page(shop: Instance, known: Services, issuer: Issuer) -> None:
    known.refuse("auth", "GET /accounts/me", 503, "busy")
    async with shop.http.get("/api/v1/account", headers=issuer.bearer("u1")) as response:
        assert response.status == 503
