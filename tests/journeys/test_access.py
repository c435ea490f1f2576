"""What comes through the door and what does not, at the edge and past it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession

from discovery.consul.client import consul_client
from scripts.layout import Layout
from tests.journeys.shop import Shop, User
from tests.tokens import Issuer


@pytest.fixture
def forged() -> dict[str, str]:
    """Tokens that nobody should believe."""
    issuer, now = Issuer.make(), datetime.now(UTC)
    return {
        "forged": issuer.token("u1", "admin"),
        "expired": issuer.token("u1", exp=now - timedelta(minutes=2)),
        "audience": issuer.token("u1", aud="another"),
        "none": "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1MSIsInJvbGVzIjpbImFkbWluIl19.",
        "junk": "not-a-token",
    }


async def test_forged_tokens_stop_at_the_edge(store: Shop, forged: dict[str, str]) -> None:
    for token in forged.values():
        answer = await User(store.http, token).call("GET", "/api/v1/orders")
        assert answer.status in (401, 403)
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.body["trace_id"]


async def test_and_past_the_edge_at_every_service(
    store: Shop, layout: Layout, forged: dict[str, str]
) -> None:
    async with consul_client(layout.url("consul")) as consul, ClientSession() as http:
        for service in ("gateway", "auth", "product", "inventory", "payment", "order", "operations"):
            _, nodes = await consul.health.service(service, passing=True)
            where = nodes[0]["Service"]
            for token in forged.values():
                url = f"http://{where['Address']}:{where['Port']}/orders"
                async with http.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
                    assert response.status == 401, service


async def test_what_is_internal_stays_inside(store: Shop) -> None:
    for path in ("/metrics", "/readyz", "/livez", "/servingz", "/api/v1/../../metrics", "/stock/x"):
        assert (await store.anyone.call("GET", path)).status == 404


async def test_a_correlation_id_goes_through_and_a_trace_is_made_at_the_edge(store: Shop) -> None:
    sent = {"x-correlation-id": "my-shop-42", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    answer = await store.anyone.call("GET", "/api/v1/products", **sent)
    assert answer.headers["x-correlation-id"] == "my-shop-42"
    assert "a" * 32 not in answer.headers["traceparent"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/nothing", None, 404),
        ("DELETE", "/api/v1/orders", None, 405),
        ("GET", "/api/v1/products?limit=0", None, 422),
        ("GET", "/api/v1/products?limit=101", None, 422),
        ("GET", "/api/v1/products?cursor=%24ne", None, 422),
        ("GET", "/api/v1/products?min_price=x", None, 422),
        ("GET", "/api/v1/orders?status=LOST", None, 422),
        ("POST", "/api/v1/auth/register", {"email": "not one", "password": "long enough"}, 422),
        ("POST", "/api/v1/auth/register", {"email": "a@example.test", "password": "short"}, 422),
        ("POST", "/api/v1/auth/register", [], 422),
        ("POST", "/api/v1/auth/login", {"email": {"$gt": ""}, "password": "long enough"}, 422),
        ("POST", "/api/v1/auth/login", {"email": "nobody@example.test", "password": "long enough"}, 401),
        ("GET", "/api/v1/products/nope", None, 404),
        ("POST", "/api/v1/checkout/preview", {"items": [{"sku": "x", "quantity": -1}]}, 422),
        ("POST", "/api/v1/checkout/preview", {"items": [{"sku": "x", "quantity": 1}] * 101}, 422),
        ("POST", "/api/v1/checkout/preview", {"items": [{"sku": "x", "quantity": 1}], "user_id": "u"}, 422),
        ("GET", "/api/v1/account?user_id=u", None, 422),
        ("GET", "/api/v1/home?limit=1000", None, 422),
        ("POST", "/api/v1/payments/webhooks/sandbox", {}, 401),
        ("POST", "/api/v1/payments/webhooks/nobody", {}, 404),
    ],
)
async def test_bad_input_is_a_problem_document(
    store: Shop, method: str, path: str, body: object, status: int
) -> None:
    private = {"orders", "checkout", "account"} & {*re.split(r"[/?]", path)}
    customer = await store.customer() if private else store.anyone
    answer = await customer.call(method, path, body)
    assert answer.status == status, answer
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.body["status"] == status
    if status == 422:
        assert answer.body["errors"][0]["field"]
