"""Two versions side by side, in one gateway: what differs, what does not, and what is said of what is old."""

from typing import Any

import pytest
from aiohttp import ClientResponse
from prometheus_client import REGISTRY

from discovery.config.caching import Caching
from discovery.config.limits import Limits
from gateway.versions import PUBLISHED, V1, V2
from services.chassis.envelope import new_id
from tests.gateway.conftest import Configure, Gateway
from tests.gateway.goods import CARD, MUG, ORDER, PAYMENT, get
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer

AGE = ("Deprecation", "Sunset", "Link")


def told(response: ClientResponse) -> dict[str, str]:
    """What an answer says of its age."""
    return {name: response.headers[name] for name in AGE if name in response.headers}


def old(successor: str) -> dict[str, str]:
    """What is said of what has this successor."""
    link = f'<{successor}>; rel="successor-version", </docs>; rel="deprecation"; type="text/html"'
    assert V2.retires
    return {**V2.retires.headers, "Link": link}


@pytest.fixture
def known(behind: Services) -> Services:
    """An order, a mug, and an empty letter box."""
    behind.answer("order", "GET /orders/o1", ORDER)
    behind.answer("order", "GET /orders", {"items": [ORDER], "next_cursor": "more"})
    behind.answer("payment", "GET /payments", {"items": [PAYMENT]})
    listed = {"items": [{**CARD, "skus": ["mug-s"]}], "next_cursor": "more", "facets": {}}
    behind.answer("product", "GET /products", listed)
    behind.answer("product", "GET /products/mug", MUG)
    behind.answer("product", "GET /products/p1/related", {"items": []})
    behind.answer("product", "GET /categories", {"items": []})
    behind.answer("product", "GET /showcase", {"featured": [], "newest": []})
    behind.answer("inventory", "GET /stock", {"items": []})
    behind.answer("operations", "GET /dead-letters", {"items": [{"id": "d1"}], "next_cursor": "more"})
    return behind


async def test_an_order_in_both_versions(shop: Instance, known: Services, issuer: Issuer) -> None:
    flat = await get(shop, "/api/v1/orders/o1", issuer.bearer("u1"))
    nested = await get(shop, "/api/v2/orders/o1", issuer.bearer("u1"))
    assert nested["customer"] == {"user_id": ORDER["user_id"]}
    assert nested["state"] == {
        "status": flat["status"],
        "reason": flat["reason"],
        "history": flat["timeline"],
    }
    assert nested["totals"] == {name: flat[name] for name in ("subtotal", "discount", "shipping", "total")}
    for name in ("order_id", "items", "shipping_address", "payment", "shipment", "degraded", "created_at"):
        assert nested[name] == flat[name]


async def test_it_has_that_form_wherever_it_is_shown(shop: Instance, known: Services, issuer: Issuer) -> None:
    bearer = issuer.bearer("u1")
    known.answer(
        "auth",
        "GET /accounts/me",
        {
            "user_id": "u1",
            "email": "a@b.c",
            "full_name": None,
            "roles": [],
            "registered_at": ORDER["created_at"],
        },
    )
    page = await get(shop, "/api/v2/orders/o1", bearer)
    order = {name: page[name] for name in page.keys() - {"payment", "shipment", "degraded"}}
    assert (await get(shop, "/api/v2/orders", bearer))["items"] == [order]
    assert (await get(shop, "/api/v2/home", bearer))["recent_orders"] == [order]
    assert (await get(shop, "/api/v2/account", bearer))["recent_orders"] == [order]


async def test_a_page_of_a_list_links_to_the_next(shop: Instance, known: Services, issuer: Issuer) -> None:
    bearer = issuer.bearer("u1", "admin")
    for path in ("/products?limit=1&tag=a%26b", "/orders?limit=1", "/admin/dead-letters?limit=1"):
        cursor = await get(shop, f"/api/v1{path}", bearer)
        link = await get(shop, f"/api/v2{path}", bearer)
        assert cursor.pop("next_cursor") == "more"
        assert link.pop("next") == f"/api/v2{path}&cursor=more"
        if "orders" not in path:
            assert link == cursor
        again = await get(shop, f"/api/v2{path}&cursor=before", bearer)
        assert again["next"] == f"/api/v2{path}&cursor=more"


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_links_point_to_the_version_that_was_asked(
    shop: Instance, behind: Services, issuer: Issuer, version: str
) -> None:
    behind.answer("order", "POST /orders", {"order_id": "o1", "status": "CREATED"}, 202)
    headers = {**issuer.bearer("u1"), "Idempotency-Key": new_id()}
    async with shop.http.post(f"/api/{version}/orders", json={}, headers=headers) as response:
        accepted = await response.json()
    assert accepted["status_url"] == f"/api/{version}/orders/o1/status"
    assert accepted["events_url"] == f"/api/{version}/orders/o1/events"


async def test_the_service_behind_does_not_hear_of_versions(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.answer("order", "POST /orders", {"order_id": "o1", "status": "CREATED"}, 202)
    headers = {**issuer.bearer("u1"), "Idempotency-Key": "one-key", "x-correlation-id": "one"}
    for version in (V1, V2):
        async with shop.http.post(f"{version.prefix}/orders", json={"a": 1}, headers=headers) as response:
            assert response.status == 202
    first, second = behind.heard
    assert (first.target, first.body) == (second.target, second.body)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


async def test_what_is_old_says_so_and_what_is_the_same_does_not(
    shop: Instance, known: Services, issuer: Issuer
) -> None:
    bearer = issuer.bearer("u1")
    for path, expected in {
        "/api/v1/orders/o1": old("/api/v2/orders/o1"),
        "/api/v1/orders?limit=2": old("/api/v2/orders"),
        "/api/v1/products": old("/api/v2/products"),
        "/api/v1/home": old("/api/v2/home"),
        "/api/v1/categories": {},
        "/api/v1/products/mug": {},
        "/api/v2/orders/o1": {},
        "/api/v2/products": {},
        "/openapi.json": {},
        "/health": {},
    }.items():
        async with shop.http.get(path, headers=bearer) as response:
            assert (response.status, told(response)) == (200, expected), path
    async with shop.http.head("/api/v1/products") as response:
        assert told(response) == old("/api/v2/products")


async def test_it_says_so_whatever_it_answers(shop: Instance, known: Services, issuer: Issuer) -> None:
    for path, headers, status in (
        ("/orders/o1", {}, 401),
        ("/orders/nothing", issuer.bearer("u1"), 404),
        ("/home?limit=1", {}, 422),
    ):
        async with shop.http.get(f"/api/v1{path}", headers=headers) as response:
            assert (response.status, told(response)) == (status, old(f"/api/v2{path.partition('?')[0]}"))


async def test_and_so_does_what_the_client_has_already(shop: Instance, known: Services) -> None:
    async with shop.http.get("/api/v1/products") as first:
        headers = {"If-None-Match": first.headers["ETag"]}
    async with shop.http.get("/api/v1/products", headers=headers) as again:
        assert (again.status, told(again)) == (304, old("/api/v2/products"))


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3/orders",
        "/api/v0/orders",
        "/api/v1/nothing",
        "/api/V1/orders",
        "/api/v01/orders",
        "/api/orders",
    ],
)
async def test_no_such_version_and_no_such_path_are_404_and_not_old(shop: Instance, path: str) -> None:
    async with shop.http.get(path) as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
        assert (await response.json())["type"] == "urn:portico:problem:no-such-path"
        assert told(response) == {}


async def test_each_version_has_answers_of_its_own_in_the_cache(
    shop: Instance, known: Services, configure: Configure
) -> None:
    kept = {"fresh": 3600.0, "stale_while_revalidate": 0.0, "stale_if_error": 0.0}
    await configure(Caching, answers=dict.fromkeys(("products", "product", "home", "categories"), kept))
    for version, field in ((V1, "next_cursor"), (V2, "next")):
        path = f"{version.prefix}/products?limit=7"
        async with shop.http.get(path) as first, shop.http.get(path) as again:
            assert field in await again.json()
            verdicts = [response.headers["Cache-Status"] for response in (first, again)]
            assert [verdict.split(";")[1].strip() for verdict in verdicts] == ["fwd=miss", "hit"]
    assert len(known.asked("product")) == 2


async def test_a_limit_counts_for_both_versions_together(
    gateway: Gateway, known: Services, configure: Configure
) -> None:
    shop = await gateway(rate_limit_scale=1.0)
    await configure(Limits, routes={"GET /categories": {"requests": 2, "seconds": 86_400.0}})
    headers = {"x-envoy-external-address": f"2001:db8:{new_id()[-4:]}:{new_id()[-8:-4]}::1"}
    statuses = []
    for path in ("/api/v1/categories", "/api/v2/categories", "/api/v1/categories", "/api/v2/categories"):
        async with shop.http.get(path, headers=headers) as response:
            statuses.append(response.status)
    assert statuses == [200, 200, 429, 429]


async def test_who_asks_for_which_version_is_counted(shop: Instance, known: Services, issuer: Issuer) -> None:
    def count(version: str, operation: str, caller: str) -> float:
        labels = {"version": version, "operation": operation, "caller": caller}
        return REGISTRY.get_sample_value("portico_api_requests_total", labels) or 0.0

    asked: list[tuple[tuple[str, str, str], str, dict[str, Any]]] = [
        (("v1", "list_products", "anyone"), "/api/v1/products", {}),
        (("v2", "list_products", "anyone"), "/api/v2/products?limit=1", {}),
        (("v1", "get_order", "customer"), "/api/v1/orders/o1", issuer.bearer("u1")),
        (("v2", "list_orders", "staff"), "/api/v2/orders", issuer.bearer("s", "support")),
        (("v1", "get_order", "anyone"), "/api/v1/orders/o1", {}),
    ]
    for labels, path, headers in asked:
        before = count(*labels)
        async with shop.http.get(path, headers=headers):
            assert count(*labels) == before + 1
    async with shop.http.get("/api/v3/orders"):
        pass
    counted = [
        sample.labels
        for metric in REGISTRY.collect()
        if metric.name == "portico_api_requests"
        for sample in metric.samples
    ]
    operations = {(one.version.name, one.endpoint.contract.id) for one in PUBLISHED}
    assert {(labels["version"], labels["operation"]) for labels in counted} <= operations
