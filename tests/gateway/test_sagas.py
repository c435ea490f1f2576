"""What operators see of an order's saga, put together from every service that took part."""

from typing import Any

import pytest

from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer

AT = "2026-01-01T12:00:00Z"
SAGA = {"order_id": "o1", "phase": "authorizing", "stuck": True}
EVENTS = [{"sequence": 1, "at": AT, "type": "order_placed", "details": {}}]
PAYMENT = {"payment_id": "p1", "status": "pending", "asking": {"operation": "authorize"}}
RESERVATION = {"order_id": "o1", "state": "reserved", "held": []}
LETTER = {"id": "l1", "queue": "order.saga"}


@pytest.fixture
def saga(behind: Services) -> Services:
    behind.answer("order", "GET /sagas/o1", {"order_id": "o1", "saga": SAGA, "events": EVENTS})
    behind.answer("payment", "GET /sagas/o1", PAYMENT)
    behind.answer("inventory", "GET /sagas/o1", RESERVATION)
    behind.answer("operations", "GET /dead-letters", {"items": [LETTER], "next_cursor": None})
    return behind


async def page(shop: Instance, issuer: Issuer) -> tuple[int, dict[str, Any]]:
    headers = issuer.bearer("ada", "admin")
    async with shop.http.get("/api/v1/admin/sagas/o1", headers=headers) as response:
        return response.status, await response.json()


async def test_every_service_s_share(shop: Instance, saga: Services, issuer: Issuer) -> None:
    assert await page(shop, issuer) == (
        200,
        {
            "order_id": "o1",
            "saga": SAGA,
            "events": EVENTS,
            "payment": PAYMENT,
            "reservation": RESERVATION,
            "dead_letters": [LETTER],
            "degraded": [],
        },
    )
    assert saga.asked("operations") == ["GET /dead-letters?limit=100&order_id=o1"]


async def test_what_is_not_there_yet_is_null_and_what_cannot_be_had_is_named(
    shop: Instance, saga: Services, issuer: Issuer
) -> None:
    saga.refuse("payment", "GET /sagas/o1", 404, "not-found")
    saga.refuse("inventory", "GET /sagas/o1", 503, "unavailable")
    saga.refuse("operations", "GET /dead-letters", 500, "internal")
    status, body = await page(shop, issuer)
    assert (status, body["saga"]) == (200, SAGA)
    assert (body["payment"], body["reservation"], body["dead_letters"]) == (None, None, None)
    assert body["degraded"] == ["dead_letters", "reservation"]


async def test_without_the_order_there_is_no_page(shop: Instance, saga: Services, issuer: Issuer) -> None:
    saga.refuse("order", "GET /sagas/o1", 404, "not-found")
    assert (await page(shop, issuer))[0] == 404


async def test_what_needs_no_body_needs_none(shop: Instance, behind: Services, issuer: Issuer) -> None:
    behind.answer("order", "POST /sagas/o1/resume", {"status": "PENDING"}, 202)
    headers = issuer.bearer("ada", "admin")
    async with shop.http.post("/api/v1/admin/sagas/o1/resume", headers=headers) as response:
        assert response.status == 400
    headers["Idempotency-Key"] = "k1"
    async with shop.http.post("/api/v1/admin/sagas/o1/resume", headers=headers) as response:
        assert (response.status, await response.json()) == (202, {"status": "PENDING"})
    assert (behind.heard[-1].headers["Idempotency-Key"], behind.heard[-1].body) == ("k1", b"")
