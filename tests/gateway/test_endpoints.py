"""The public door: who may enter, what is handed on, and what is handed back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, web
from yarl import URL

from discovery.config.caching import Caching
from discovery.config.resilience import Resilience
from gateway.endpoint import Key, Who
from gateway.version import Published
from gateway.versions import PUBLISHED
from services.chassis.envelope import new_id
from tests.gateway.conftest import Configure, Gateway
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer

ALLOWED: dict[Who, set[str | None]] = {
    Who.ANYONE: {None, "customer", "support", "admin"},
    Who.USER: {"customer", "support", "admin"},
    Who.OWNER: {"customer", "support", "admin"},
    Who.STAFF: {"support", "admin"},
    Who.ADMIN: {"admin"},
}
PROBLEM = "application/problem+json"


def example(one: Published) -> str:
    """A path that the endpoint answers."""
    return one.path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("role", [None, "customer", "support", "admin"])
async def test_the_table_is_kept(shop: Instance, issuer: Issuer, role: str | None) -> None:
    headers = {"Idempotency-Key": new_id()} | (issuer.bearer("u1", role) if role else {})
    for one in PUBLISHED:
        async with shop.http.request(one.endpoint.method, example(one), headers=headers) as response:
            refused = response.status in (401, 403)
            assert refused == (role not in ALLOWED[one.endpoint.who]), (one.path, response.status)
            if refused:
                assert response.status == (403 if role else 401)


async def test_a_request_is_handed_on_with_its_body_query_and_identity(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.answer("order", "GET /orders", {"items": [], "next_cursor": None})
    bearer = issuer.bearer("u1")
    sent = {**bearer, "x-correlation-id": "mine-1", "X-Other": "stays", "Idempotency-Key": "stays, too"}
    async with shop.http.get("/api/v1/orders?status=PAID&cursor=a%2Bb%26", headers=sent) as response:
        assert (response.status, await response.json()) == (200, {"items": [], "next_cursor": None})
        assert response.headers["x-correlation-id"] == "mine-1"
        trace_id = response.headers["traceparent"].split("-")[1]
    heard = behind.heard[-1]
    assert heard.target == "/orders?status=PAID&cursor=a%2Bb%26"
    assert heard.headers["Authorization"] == bearer["Authorization"]
    assert heard.headers["x-correlation-id"] == "mine-1"
    assert heard.headers["traceparent"].split("-")[1] == trace_id
    assert 0 < int(heard.headers["x-envoy-expected-rq-timeout-ms"]) <= 5000
    assert not {"X-Other", "Idempotency-Key"} & {*heard.headers}


async def test_a_path_segment_cannot_break_out_of_its_place(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    segments = ["a%2Fb", "%3Fx%3D1", "%23", "%C3%A9", "%25", "a%00b"]
    for segment in segments:
        url = URL(f"http://127.0.0.1:{shop.port}/api/v1/orders/{segment}/status", encoded=True)
        async with ClientSession() as http, http.get(url, headers=issuer.bearer("u1")) as response:
            assert response.status == 404
    assert [call.split("/")[2] for call in behind.asked("order")] == segments
    assert {call.split("/")[3] for call in behind.asked("order")} == {"status"}


async def test_an_order_is_accepted_with_where_to_watch_it(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.answer("order", "POST /orders", {"order_id": "o1", "status": "CREATED", "reason": None}, 202)
    body = b'{"items": [{"sku":"mug","quantity":1}],  "any": "thing"}'
    headers = {**issuer.bearer("u1"), "Idempotency-Key": "k1", "Content-Type": "application/json"}
    async with shop.http.post("/api/v1/orders", data=body, headers=headers) as response:
        assert response.status == 202
        assert await response.json() == {
            "order_id": "o1",
            "status": "CREATED",
            "status_url": "/api/v1/orders/o1/status",
            "events_url": "/api/v1/orders/o1/events",
        }
    assert behind.heard[-1].body == body
    assert behind.heard[-1].headers["Idempotency-Key"] == "k1"
    assert int(behind.heard[-1].headers["x-envoy-expected-rq-timeout-ms"]) > 5000


async def test_where_a_key_is_required_it_is(shop: Instance, behind: Services, issuer: Issuer) -> None:
    keyed = [one for one in PUBLISHED if one.endpoint.key is Key.REQUIRED]
    assert len(keyed) >= 20
    for one in keyed:
        headers = issuer.bearer("u1", "admin")
        async with shop.http.request(one.endpoint.method, example(one), json={}, headers=headers) as response:
            assert (response.status, response.content_type) == (400, PROBLEM)
    assert not behind.heard


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b'"' + b"x" * 300_000 + b'"', "application/json", 413),
    ],
)
async def test_what_is_no_json_object_goes_no_further(
    shop: Instance, behind: Services, body: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    async with shop.http.post("/api/v1/auth/login", data=body, headers=headers) as response:
        assert (response.status, response.content_type) == (status, PROBLEM)
        assert (await response.json())["status"] == status
    assert not behind.heard


async def test_a_webhook_goes_through_untouched(shop: Instance, behind: Services) -> None:
    behind.answer("payment", "POST /webhooks/sandbox", {"received": True})
    body = b' {"event_id":"e1"}\n'
    headers = {"X-Portico-Signature": "t=1,v1=00", "Content-Type": "application/vnd.sandbox+json"}
    async with shop.http.post("/api/v1/payments/webhooks/sandbox", data=body, headers=headers) as response:
        assert response.status == 200
    heard = behind.heard[-1]
    assert heard.body == body
    assert {name: heard.headers[name] for name in headers} == headers


@pytest.mark.parametrize(
    ("status", "slug", "more"),
    [
        (400, "malformed", {}),
        (404, "not-found", {}),
        (409, "order-not-cancellable", {}),
        (422, "invalid", {"errors": [{"field": "reason", "message": "too long"}]}),
        (429, "too-many-requests", {"retry_after": 9}),
        (503, "busy", {"retry_after": 3}),
    ],
)
async def test_a_service_s_problem_is_the_client_s(
    shop: Instance, behind: Services, issuer: Issuer, status: int, slug: str, more: dict[str, Any]
) -> None:
    behind.refuse("payment", "GET /payments/p1", status, slug, "for a reason", **more)
    async with shop.http.get("/api/v1/payments/p1", headers=issuer.bearer("u1")) as response:
        problem = await response.json()
        assert (response.status, response.content_type) == (status, PROBLEM)
        assert (problem["status"], problem["type"]) == (status, f"urn:portico:problem:{slug}")
        assert problem["detail"] == "for a reason"
        assert problem.get("errors") == more.get("errors")
        assert problem["trace_id"] == response.headers["traceparent"].split("-")[1]
        if "retry_after" in more:
            assert response.headers["Retry-After"] == str(more["retry_after"])


async def test_headers_that_cannot_be_sent_on_are_refused(shop: Instance, behind: Services) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
    writer.write(
        b"POST /api/v1/payments/webhooks/sandbox HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
        b"X-Portico-Signature: \xff\xfe\r\nConnection: close\r\n\r\n"
    )
    assert b" 400 " in await reader.readline()
    writer.close()
    assert not behind.heard


async def unavailable(shop: Instance) -> dict[str, Any]:
    async with shop.http.get("/api/v1/categories") as response:
        assert (response.status, response.content_type) == (503, PROBLEM)
        assert int(response.headers["Retry-After"]) >= 1
        problem: dict[str, Any] = await response.json()
        return problem


async def test_a_service_that_fails_is_unavailable_and_soon_not_asked_any_more(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    await configure(Resilience, breaker_failures=3, breaker_seconds=60.0)
    behind.refuse("product", "GET /categories", 500, "internal", "secrets of the inside")
    for _ in range(3):
        assert "secrets" not in (await unavailable(shop))["detail"]
    await unavailable(shop)
    assert len(behind.heard) == 3
    async with shop.http.post("/api/v1/auth/login", json={}) as response:
        assert response.status == 404


async def test_what_is_refused_does_not_open_a_circuit(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    await configure(Resilience, breaker_failures=1)
    for _ in range(3):
        async with shop.http.get("/api/v1/categories") as response:
            assert response.status == 404
    assert len(behind.heard) == 3


async def admitted(shop: Instance, probed: asyncio.Event) -> asyncio.Task[ClientResponse]:
    """Ask until a request is let through to the service, and return it while it waits there."""
    arrival = asyncio.create_task(probed.wait())
    while True:
        request: asyncio.Task[ClientResponse] = asyncio.create_task(shop.http.get("/api/v1/categories"))
        await asyncio.wait({request, arrival}, return_when=asyncio.FIRST_COMPLETED)
        if probed.is_set():
            return request
        assert (await request).status == 503


async def test_only_one_probes_a_service_that_was_away(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    await configure(Caching, enabled=False)
    await configure(Resilience, breaker_failures=1, breaker_seconds=0.001)
    behind.refuse("product", "GET /categories", 500, "internal")
    await unavailable(shop)
    probed, release = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        probed.set()
        await release.wait()
        return web.json_response({"items": []})

    behind.handle("product", "GET /categories", slow)
    probe = await admitted(shop, probed)
    for _ in range(3):
        await unavailable(shop)
    release.set()
    assert (await probe).status == 200
    async with shop.http.get("/api/v1/categories") as response:
        assert response.status == 200
    assert len(behind.heard) == 3


async def test_a_service_that_is_late_is_not_waited_for(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    await configure(Resilience, read_seconds=0.1)
    behind.hang("product", "GET /categories")
    assert (await unavailable(shop))["type"] == "urn:portico:problem:deadline-exceeded"


async def test_without_any_way_in_everything_is_unavailable(gateway: Gateway, tmp_path: Path) -> None:
    for url in (f"unix://{tmp_path}/nobody.sock", "http://127.0.0.1:1"):
        await unavailable(await gateway(egress_url=url))


async def test_an_answer_that_cannot_be_read_is_unavailable(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.answer("order", "POST /orders", {"unexpected": True}, 202)
    headers = {**issuer.bearer("u1"), "Idempotency-Key": "k1"}
    async with shop.http.post("/api/v1/orders", json={}, headers=headers) as response:
        assert response.status == 503
