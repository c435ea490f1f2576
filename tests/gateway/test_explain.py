"""Explanations: why an answer is as it is, for operators."""

from typing import Any

import orjson
import pytest

from gateway.edge.explain import HEADER
from tests.gateway.services import Services
from tests.gateway.test_pages import MUG
from tests.instances import Instance
from tests.tokens import Issuer

PAGE = "/api/v1/products/mug"


@pytest.fixture(autouse=True)
def catalogue(behind: Services) -> None:
    behind.answer("product", "GET /products/mug", MUG, x_envoy_attempt_count="2")
    behind.answer("product", "GET /products/p1/related", {"items": []}, x_envoy_attempt_count="1")
    behind.refuse("inventory", "GET /stock", 500, "internal")


async def explained(shop: Instance, path: str, headers: dict[str, str]) -> dict[str, Any] | None:
    async with shop.http.get(path, headers={HEADER: "1", **headers}) as answer:
        told = answer.headers.get(HEADER)
        return orjson.loads(told) if told else None


async def test_an_operator_is_told_why(shop: Instance, issuer: Issuer) -> None:
    told = await explained(shop, PAGE, issuer.bearer("s", "support"))
    assert told
    assert (told["route"], told["cache"], told["degraded"]) == (
        "GET /api/v1/products/{id}",
        "portico; fwd=bypass",
        ["stock"],
    )
    calls = {call["call"]: call for call in told["calls"]}
    assert calls.keys() == {"GET /products/mug", "GET /products/p1/related", "GET /stock"}
    found = calls["GET /products/mug"]
    assert (found["service"], found["status"], found["attempts"], found["outcome"], found["breaker"]) == (
        "product",
        200,
        2,
        "ok",
        "closed",
    )
    assert found["milliseconds"] > 0
    assert (calls["GET /stock"]["status"], calls["GET /stock"]["outcome"]) == (500, "failed")


async def test_it_says_which_breaker_is_open(shop: Instance, issuer: Issuer) -> None:
    headers = issuer.bearer("s", "admin")
    for _ in range(6):
        told = await explained(shop, PAGE, headers)
    assert told
    stock = next(call for call in told["calls"] if call["service"] == "inventory")
    assert (stock["breaker"], stock["status"], stock["attempts"]) == ("open", None, None)


async def test_a_refusal_is_explained_too(shop: Instance, issuer: Issuer) -> None:
    told = await explained(shop, "/api/v1/products/unknown", issuer.bearer("s", "support"))
    assert told
    assert [call["outcome"] for call in told["calls"]] == ["refused"]


@pytest.mark.parametrize("role", [None, "customer"])
async def test_nobody_else_is_told(shop: Instance, issuer: Issuer, role: str | None) -> None:
    assert await explained(shop, PAGE, issuer.bearer("u", role) if role else {}) is None


async def test_who_does_not_ask_is_not_told(shop: Instance, issuer: Issuer) -> None:
    async with shop.http.get(PAGE, headers=issuer.bearer("s", "admin")) as answer:
        assert HEADER not in answer.headers


async def test_many_calls_still_fit_into_a_header(shop: Instance, behind: Services, issuer: Issuer) -> None:
    items = [
        {**{name: MUG[name] for name in ("id", "slug", "name", "price")}, "skus": [f"{'x' * 90}-{n}"]}
        for n in range(3000)
    ]
    behind.answer(
        "product",
        "GET /products",
        {"items": items, "next_cursor": None, "facets": {"brands": [], "categories": [], "complete": True}},
    )
    told = await explained(shop, "/api/v1/products", issuer.bearer("s", "admin"))
    assert told
    assert len(told["calls"]) == 20
    assert told["more_calls"] > 1
