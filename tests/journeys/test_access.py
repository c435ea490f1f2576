"""Who may do what, at the edge and past it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from discovery.consul.client import consul_client
from scripts.layout import Layout
from tests.journeys.shop import Shop, User
from tests.tokens import Issuer


async def test_somebody_else_s_order_does_not_exist(store: Shop) -> None:
    sku = await store.product(stock=5)
    owner, other = await store.customer(), await store.customer()
    order_id = await owner.order(sku)
    await owner.ended(order_id)
    for path in ("", "/status", "/events"):
        assert (await other.call("GET", f"/api/v1/orders/{order_id}{path}")).status == 404
        assert (await store.anyone.call("GET", f"/api/v1/orders/{order_id}{path}")).status == 401
    answer = await other.call(
        "POST", f"/api/v1/orders/{order_id}/cancellation", {"reason": "mine"}, uuid4().hex
    )
    assert answer.status == 404
    payment_id = (await owner.get(f"/api/v1/orders/{order_id}"))["payment"]["payment_id"]
    assert (await other.call("GET", f"/api/v1/payments/{payment_id}")).status == 404
    assert (await owner.call("GET", f"/api/v1/payments/{payment_id}")).status == 200


async def test_customers_do_not_manage_the_shop(store: Shop) -> None:
    customer = await store.customer()
    product = {"name": "Mine", "price": {"amount": 1, "currency": "USD"}}
    adjustment = {"delta": 5, "reason": "mine"}
    for user, status in ((store.anyone, 401), (customer, 403)):
        assert (await user.call("POST", "/api/v1/products", product)).status == status
        assert (await user.call("GET", "/api/v1/inventory/x")).status == status
        assert (
            await user.call("POST", "/api/v1/inventory/x/adjustments", adjustment, uuid4().hex)
        ).status == status
    assert (await store.support.call("POST", "/api/v1/products", product)).status == 403


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
        ("POST", "/api/v1/payments/webhooks/sandbox", {}, 401),
        ("POST", "/api/v1/payments/webhooks/nobody", {}, 404),
    ],
)
async def test_bad_input_is_a_problem_document(
    store: Shop, method: str, path: str, body: object, status: int
) -> None:
    customer = await store.customer() if "orders" in path else store.anyone
    answer = await customer.call(method, path, body)
    assert answer.status == status, answer
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.body["status"] == status
    if status == 422:
        assert answer.body["errors"][0]["field"]
