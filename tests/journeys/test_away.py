"""Each service away in turn: who does without it does so at once, who cannot says so at once, and nobody breaks."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from scripts.supervisor import Supervisor
from tests.journeys.shop import ADDRESS, Answer, Shop, User
from tests.parts import eventually

SLOW = 3.0
"""Seconds that no answer may take while a service is away: patience for what can be done without is half of it."""


@dataclass(frozen=True)
class Visit:
    """A customer with an order, and what is looked at."""

    customer: User
    sku: str
    order_id: str

    async def all(self) -> dict[str, Answer]:
        """Every page, each twice as often as a breaker needs to open."""
        preview = {"items": [{"sku": self.sku, "quantity": 1}], "shipping_address": ADDRESS}
        async with asyncio.timeout(SLOW):
            answers = await asyncio.gather(
                self.customer.call("GET", "/api/v1/home"),
                self.customer.call("GET", f"/api/v1/products/{self.sku}"),
                self.customer.call("GET", "/api/v1/products?limit=3"),
                self.customer.call("GET", f"/api/v1/orders/{self.order_id}"),
                self.customer.call("GET", "/api/v1/account"),
                self.customer.call("POST", "/api/v1/checkout/preview", preview),
            )
        return dict(zip(("home", "product", "list", "order", "account", "preview"), answers, strict=True))


DEGRADED: Mapping[str, Mapping[str, set[str] | None]] = MappingProxyType(
    {
        "auth": {"account": None},
        "product": {"preview": {"prices"}},
        "inventory": {"product": {"stock"}, "list": {"stock"}, "home": {"stock"}, "preview": {"stock"}},
        "payment": {"order": {"payment"}},
        "order": {
            "order": None,
            "preview": None,
            "home": {"recent_orders"},
            "account": {"recent_orders", "order_counts"},
        },
        "operations": {},
    }
)
"""Sections that a page goes without while a service is away; None: there is no page. The others are whole."""


@pytest.fixture(scope="module")
async def visit(store: Shop) -> Visit:
    sku = await store.product(stock=50)
    customer = await store.customer()
    order_id = await customer.order(sku)
    await customer.ended(order_id)
    return Visit(customer, sku, order_id)


@pytest.mark.parametrize("service", DEGRADED)
async def test_what_needs_it_says_so_and_the_rest_goes_on(
    platform: Supervisor, store: Shop, visit: Visit, service: str
) -> None:
    whole = await visit.all()
    assert {answer.status for answer in whole.values()} == {200}, whole
    await platform.stop(f"{service}-1")
    try:
        for _ in range(8):
            for page, answer in (await visit.all()).items():
                _as_expected(page, answer, DEGRADED[service].get(page, set()))
    finally:
        await platform.start(f"{service}-1")

    async def recovered() -> bool:
        with suppress(TimeoutError):
            answers = (await visit.all()).values()
            return all(answer.status == 200 and answer.body["degraded"] == [] for answer in answers)
        return False

    await eventually(recovered, seconds=30)


def _as_expected(page: str, answer: Answer, missing: set[str] | None) -> None:
    if missing is None:
        assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json"), page
        assert int(answer.headers["retry-after"]) >= 1
        return
    assert answer.status == 200, (page, answer)
    # What was whole a moment ago may still come from the cache.
    assert set(answer.body["degraded"]) <= missing, (page, answer.body["degraded"])
    if "cache-status" not in answer.headers:
        assert set(answer.body["degraded"]) == missing, (page, answer.body["degraded"])
