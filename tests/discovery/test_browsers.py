"""What the edge says to browsers: headers that protect, and which pages may ask."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial

import pytest
from aiohttp import ClientSession

from discovery.config.edge import Edge
from discovery.control_plane.codec import Codec
from tests.discovery.raw import replies, request
from tests.discovery.rig import Rig, rigged
from tests.discovery.traffic import PUBLIC, answered
from tests.parts import eventually

SHOP = "https://shop.example.com"
PAGES = Edge(cors_origins=(SHOP, "https://*.partners.example.com"))
PROTECTION = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@pytest.fixture(scope="module")
async def rig(codec: Codec, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """An edge that pages of the shop and of its neighbours may ask."""
    async with rigged(codec, tmp_path_factory.mktemp("browsed")) as rig:
        rig.configure(edge=PAGES)
        await eventually(lambda: allowed(rig.http, SHOP))
        yield rig


async def allowed(http: ClientSession, origin: str) -> bool:
    """Whether a page of this origin may read an answer."""
    async with http.get(PUBLIC, headers={"Origin": origin}) as response:
        return response.headers.get("access-control-allow-origin") == origin


async def headers_of(rig: Rig, data: bytes) -> tuple[int, Mapping[str, str]]:
    """Status and headers of the answer to a request."""
    (reply,) = await replies(rig.address, data)
    return reply.status, reply.headers


ANSWERS = {
    "the gateway's": (request("GET", PUBLIC), 200),
    "the gateway's failure": (request("GET", "/api/status/500"), 500),
    "a route that is not there": (request("GET", "/metrics"), 404),
    "a refused token": (request("GET", PUBLIC, "Authorization: Bearer x"), 401),
    "a refused method": (request("TRACE", PUBLIC), 405),
    "a preflight": (
        request("OPTIONS", PUBLIC, f"Origin: {SHOP}", "Access-Control-Request-Method: PUT"),
        200,
    ),
    "too many headers": (request("GET", PUBLIC, *(f"x-{n}: 1" for n in range(101))), 431),
    "no http": (b"nonsense\r\n\r\n", 400),
    "an old version": (request("GET", PUBLIC, version="HTTP/1.0"), 426),
    "an unwanted upgrade": (request("GET", PUBLIC, "Upgrade: websocket").replace(b"close", b"upgrade"), 403),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_every_answer_that_leaves_is_protected(rig: Rig, kind: str) -> None:
    data, status = ANSWERS[kind]
    found, headers = await headers_of(rig, data)
    assert found == status
    assert {name: headers.get(name) for name in PROTECTION} == PROTECTION
    assert headers["server"] == "portico"
    assert "strict-transport-security" not in headers
    assert not [name for name in headers if name.startswith("x-envoy-") or name == "x-powered-by"]


@pytest.mark.parametrize("name", PROTECTION)
async def test_what_the_gateway_says_itself_stays(rig: Rig, name: str) -> None:
    async with rig.http.get("/docs/answer", params={name: "its-own"}) as response:
        assert response.headers.getall(name) == ["its-own"]


async def test_nothing_of_the_inside_leaves(rig: Rig) -> None:
    told = {"x-envoy-attempt-count": "3", "x-envoy-upstream-service-time": "5", "server": "aiohttp/3"}
    async with rig.http.get("/api/answer", params=told) as response:
        assert response.status == 200
        assert response.headers["server"] == "portico"
        assert not [name for name in response.headers if name.lower().startswith("x-envoy-")]


async def preflight(rig: Rig, origin: str, path: str = PUBLIC, **headers: str) -> dict[str, str]:
    """What a browser is told that wants to know whether a page of this origin may ask; the gateway is not asked."""
    before = rig.gateway.requests
    sent = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
        **headers,
    }
    async with rig.http.options(path, headers=sent) as response:
        assert response.status == 200
        assert await response.read() == b""
        assert rig.gateway.requests == before
        return {name.lower(): value for name, value in response.headers.items()}


@pytest.mark.parametrize(
    "path",
    [PUBLIC, "/graphql", "/api/v1/orders/7/events", "/api/v1/live", "/api/v2/orders", "/api/v2/live"],
)
async def test_a_page_that_may_ask_is_told_how(rig: Rig, path: str) -> None:
    told = await preflight(rig, SHOP, path)
    assert told["access-control-allow-origin"] == SHOP
    assert {"POST", "PUT", "PATCH", "DELETE"} <= set(told["access-control-allow-methods"].split(", "))
    assert {"authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id"} <= set(
        told["access-control-allow-headers"].split(", ")
    )
    assert told["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in told


async def test_a_preflight_needs_no_token_and_no_luck_with_one(rig: Rig) -> None:
    told = await preflight(rig, SHOP, Authorization="Bearer nonsense")
    assert told["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://shop.example.com.evil.example", "http://shop.example.com", "null"],
)
async def test_any_other_page_is_given_no_leave(rig: Rig, origin: str) -> None:
    assert "access-control-allow-origin" not in await preflight(rig, origin)
    assert not await allowed(rig.http, origin)


async def test_pages_directly_below_a_wildcard_may_ask(rig: Rig) -> None:
    assert await allowed(rig.http, "https://one.partners.example.com")
    assert not await allowed(rig.http, "https://partners.example.com")
    assert not await allowed(rig.http, "https://a.one.partners.example.com")


async def test_an_answer_says_what_a_page_may_read_and_that_it_is_for_its_origin(rig: Rig) -> None:
    params = {"vary": "accept-encoding", "cache-control": "public, max-age=60"}
    async with rig.http.get("/api/answer", params=params, headers={"Origin": SHOP}) as response:
        exposed = set(response.headers["access-control-expose-headers"].split(", "))
        assert {"etag", "x-correlation-id", "retry-after", "location"} <= exposed
        assert {"deprecation", "sunset", "link"} <= exposed
        assert set(",".join(response.headers.getall("vary")).replace(" ", "").split(",")) >= {
            "accept-encoding",
            "origin",
        }
    async with rig.http.get("/api/answer", params=params) as response:
        assert "origin" in ",".join(response.headers.getall("vary"))


async def test_a_page_may_read_why_it_was_refused(rig: Rig) -> None:
    refused = {"Origin": SHOP, "Authorization": "Bearer nonsense"}
    async with rig.http.get(PUBLIC, headers=refused) as response:
        assert response.status == 401
        assert response.headers["access-control-allow-origin"] == SHOP


async def test_what_is_configured_changes_while_streams_and_requests_go_on(rig: Rig) -> None:
    other = "https://other.example"
    changes = (Edge(cors_origins=(other,)), Edge(), Edge(cors_origins=("*",), rate_per_second=1000), PAGES)
    async with rig.http.ws_connect("/api/v1/live?ticket=1") as socket, asyncio.TaskGroup() as group:
        held = group.create_task(answered(rig.http, "/api/held", "gw"))
        for edge in changes:
            rig.configure(edge=edge)
            await eventually(partial(is_allowed, rig.http, other, edge.cors_origins in ((other,), ("*",))))
            await socket.send_str("still here")
            assert await socket.receive_str(timeout=5) == "still here"
        assert not held.done()
        rig.gateway.released.set()
    assert held.result()


async def is_allowed(http: ClientSession, origin: str, expected: bool) -> bool:
    """Whether it is as expected with this origin."""
    return await allowed(http, origin) is expected
