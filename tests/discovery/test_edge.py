"""The public door: what gets in, what is taken off it, and what Envoy says by itself."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp import ClientResponse
from multidict import CIMultiDict

from discovery.consul.client import consul_client
from tests.discovery.conftest import JWKS_KEY
from tests.discovery.instance import Instance
from tests.discovery.platform import Platform
from tests.discovery.traffic import PUBLIC, answered
from tests.parts import eventually
from tests.tokens import Issuer


async def publish(platform: Platform, jwks: bytes) -> None:
    """Put keys where auth puts them."""
    async with consul_client(platform.consul) as client:
        await client.kv.put(JWKS_KEY, jwks)


async def takes(platform: Platform, issuer: Issuer) -> bool:
    """Whether the edge takes what this issuer signs."""
    async with platform.edge.get(PUBLIC, headers=issuer.bearer("u1")) as response:
        return response.status == 200


async def arrived(response: ClientResponse) -> dict[str, str]:
    """The headers with which the request arrived at the gateway."""
    assert response.status == 200
    headers: dict[str, str] = (await response.json())["headers"]
    return headers


async def problem(response: ClientResponse) -> dict[str, Any]:
    """The problem document that Envoy answered with."""
    assert response.content_type == "application/problem+json"
    assert response.headers["x-correlation-id"]
    document: dict[str, Any] = await response.json(content_type=None)
    assert {"type", "title", "status", "detail", "trace_id"} <= document.keys()
    assert document["status"] == response.status
    return document


@pytest.fixture(scope="module", autouse=True)
async def gateway(running_platform: Platform, issuer: Issuer) -> AsyncIterator[Instance]:
    """A gateway behind the edge, which knows the issuer's keys."""
    await publish(running_platform, issuer.jwks)
    async with Instance("gateway", "gw").registered(running_platform.consul) as instance:
        await eventually(lambda: answered(running_platform.edge, PUBLIC, "gw"))
        await eventually(lambda: takes(running_platform, issuer))
        yield instance


def claims() -> dict[str, Any]:
    """What a good token says."""
    expires = int((datetime.now(UTC) + timedelta(minutes=5)).timestamp())
    return {"sub": "u1", "iss": "portico-auth", "aud": "portico", "iat": expires - 300, "exp": expires}


def with_public_key(issuer: Issuer) -> str:
    """A token signed with a secret that everybody knows, for who takes the published key for one."""
    (key,) = json.loads(issuer.jwks)["keys"]
    secret = base64.urlsafe_b64decode(key["x"] + "=")
    return jwt.encode(claims(), secret, algorithm="HS256", headers={"kid": issuer.kid})


def with_its_own_key(kid: str) -> str:
    """A token that brings the key along with which it is to be verified."""
    own = Issuer.make(kid)
    (key,) = json.loads(own.jwks)["keys"]
    headers = {"kid": kid, "jwk": key, "jku": "http://127.0.0.1:1/jwks.json"}
    return jwt.encode(claims(), own.key, algorithm="EdDSA", headers=headers)


def unsigned(algorithm: str = "none") -> str:
    """A token that says it needs no signature."""
    header, body = {"alg": algorithm, "typ": "JWT"}, claims()
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, body)
    )
    return ".".join((*parts, ""))


async def test_a_good_token_passes_and_goes_on_to_the_gateway(platform: Platform, issuer: Issuer) -> None:
    headers = issuer.bearer("u1")
    async with platform.edge.get(PUBLIC, headers=headers) as response:
        assert (await arrived(response))["authorization"] == headers["Authorization"]


LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
BAD_TOKENS: dict[str, Callable[[Issuer], str]] = {
    "expired": lambda issuer: issuer.token("u1", exp=LONG_AGO),
    "without expiry": lambda issuer: issuer.token("u1", exp=None),
    "not yet valid": lambda issuer: issuer.token("u1", nbf=datetime.now(UTC) + timedelta(hours=1)),
    "wrong issuer": lambda issuer: issuer.token("u1", iss="someone"),
    "without signature": lambda issuer: unsigned(),
    "forged": lambda issuer: Issuer.make(issuer.kid).token("u1"),
    "unknown key": lambda issuer: Issuer.make("another").token("u1"),
    "tampered": lambda issuer: issuer.token("u1").replace(".", ".e", 1),
    "not a token": lambda issuer: "nonsense",
    "without signature, spelled otherwise": lambda issuer: unsigned("nOnE"),
    "signed with the public key": lambda issuer: with_public_key(issuer),
    "bringing its own key": lambda issuer: with_its_own_key(issuer.kid),
    "a key from elsewhere": lambda issuer: Issuer.make("../../../dev/null").token("u1"),
    "of nobody": lambda issuer: issuer.token("u1", iss=None),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_a_bad_token_is_refused(
    platform: Platform, issuer: Issuer, gateway: Instance, kind: str
) -> None:
    before = gateway.requests
    headers = {"Authorization": f"Bearer {BAD_TOKENS[kind](issuer)}"}
    async with platform.edge.get(f"{PUBLIC}?q=private", headers=headers) as response:
        assert response.status == 401
        assert (await problem(response))["type"] == "urn:portico:problem:unauthenticated"
        assert "private" not in response.headers["www-authenticate"]
    assert gateway.requests == before


async def test_a_token_for_another_audience_is_refused(platform: Platform, issuer: Issuer) -> None:
    async with platform.edge.get(PUBLIC, headers=issuer.bearer("u1", aud="elsewhere")) as response:
        assert response.status == 403
        await problem(response)


async def test_two_tokens_are_refused_though_both_are_good(
    platform: Platform, issuer: Issuer, gateway: Instance
) -> None:
    before = gateway.requests
    both = [("Authorization", f"Bearer {issuer.token(user)}") for user in ("u1", "u2")]
    async with platform.edge.get(PUBLIC, headers=CIMultiDict(both)) as response:
        assert response.status == 401
        await problem(response)
    assert gateway.requests == before


async def test_every_version_is_behind_the_same_door(
    platform: Platform, gateway: Instance, issuer: Issuer
) -> None:
    before = gateway.requests
    forged = {"Authorization": f"Bearer {Issuer.make(issuer.kid).token('u1')}"}
    async with platform.edge.get("/api/v2/products", headers=forged) as response:
        assert response.status == 401
    assert gateway.requests == before
    claimed = {**issuer.bearer("u1"), "x-portico-user": "admin"}
    async with platform.edge.get("/api/v2/products", headers=claimed) as response:
        assert "x-portico-user" not in await arrived(response)


async def test_a_token_in_the_url_counts_for_nothing(platform: Platform) -> None:
    async with platform.edge.get(f"{PUBLIC}?access_token=nonsense") as response:
        assert "authorization" not in await arrived(response)


async def test_a_new_key_is_taken_beside_the_old_one(platform: Platform, issuer: Issuer) -> None:
    new = Issuer.make("new")
    both = {"keys": [*json.loads(issuer.jwks)["keys"], *json.loads(new.jwks)["keys"]]}
    await publish(platform, json.dumps(both).encode())
    await eventually(lambda: takes(platform, new))
    assert await takes(platform, issuer)
    await publish(platform, issuer.jwks)
    await eventually(lambda: refuses(platform, new))


async def refuses(platform: Platform, issuer: Issuer) -> bool:
    """Whether the edge refuses what this issuer signs."""
    return not await takes(platform, issuer)


@pytest.mark.parametrize(
    "name",
    ["x-portico-user", "x-portico-user-id", "x-portico-roles", "x-portico-subject", "baggage", "tracestate"],
)
async def test_nobody_outside_says_who_they_are(platform: Platform, name: str) -> None:
    async with platform.edge.get(PUBLIC, headers={name: "admin"}) as response:
        assert (await arrived(response)).get(name, "") == ""


async def test_a_webhook_signature_passes(platform: Platform) -> None:
    async with platform.edge.get(PUBLIC, headers={"x-portico-signature": "t=1,v1=ab"}) as response:
        assert (await arrived(response))["x-portico-signature"] == "t=1,v1=ab"


async def test_a_trace_begins_at_the_edge(platform: Platform) -> None:
    theirs = f"00-{'a' * 32}-{'b' * 16}-01"
    async with platform.edge.get(PUBLIC, headers={"traceparent": theirs}) as response:
        ours = (await arrived(response))["traceparent"]
    assert ours[3:35] != theirs[3:35]


async def test_nobody_outside_governs_retries_and_deadlines(platform: Platform) -> None:
    theirs = {
        "x-envoy-expected-rq-timeout-ms": "1",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-envoy-max-retries": "9",
    }
    async with platform.edge.get(PUBLIC, headers=theirs) as response:
        headers = await arrived(response)
    assert headers["x-envoy-expected-rq-timeout-ms"] == "15000"
    assert "x-envoy-max-retries" not in headers


async def test_a_sane_correlation_id_is_kept_and_sent_back(platform: Platform) -> None:
    async with platform.edge.get(PUBLIC, headers={"x-correlation-id": "order-7.retry_2"}) as response:
        assert (await arrived(response))["x-correlation-id"] == "order-7.retry_2"
        assert response.headers["x-correlation-id"] == "order-7.retry_2"


@pytest.mark.parametrize("given", ["two words", "a" * 129, '{"$ne":1}', "ä"])
async def test_any_other_correlation_id_is_replaced(platform: Platform, given: str) -> None:
    async with platform.edge.get(PUBLIC, headers={"x-correlation-id": given}) as response:
        made = (await arrived(response))["x-correlation-id"]
        assert response.headers["x-correlation-id"] == made != given


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics", "/livez", "/readyz", "/servingz", "/api", "/health/", "/api/../metrics", "/graphql/x"],
)
async def test_what_is_not_public_is_not_there(platform: Platform, path: str) -> None:
    async with platform.edge.get(path) as response:
        assert response.status == 404
        document = await problem(response)
    assert document["type"] == "urn:portico:problem:not-found"
    assert len(document["trace_id"]) == 32


@pytest.mark.parametrize(
    "path",
    ["/health", "/graphql", "/openapi.json", "/docs", "/docs/app.js", "/.well-known/jwks.json", "/api/v2/x"],
)
async def test_what_is_public_reaches_the_gateway(platform: Platform, path: str) -> None:
    async with platform.edge.get(path) as response:
        assert (await response.json())["path"] == path


async def test_a_body_over_the_limit_is_refused_before_the_gateway(
    platform: Platform, gateway: Instance
) -> None:
    before = gateway.requests
    async with platform.edge.post(PUBLIC, data=b"x" * (1024 * 1024 + 1)) as response:
        assert response.status == 413
        await problem(response)
    assert gateway.requests == before


@pytest.mark.parametrize(("headers", "status"), [({"big": "x" * 40_000}, 431), ({"under_score": "1"}, 400)])
async def test_headers_out_of_bounds_are_refused(
    platform: Platform, headers: dict[str, str], status: int
) -> None:
    async with platform.edge.get(PUBLIC, headers=headers) as response:
        assert response.status == status
        await problem(response)


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_websocket_goes_through(platform: Platform, version: str) -> None:
    async with platform.edge.ws_connect(f"/api/{version}/live?ticket=1") as socket:
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=5) == "hello"


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_stream_has_no_deadline(platform: Platform, version: str) -> None:
    async with platform.edge.get(f"/api/{version}/orders/7/events") as response:
        assert "x-envoy-expected-rq-timeout-ms" not in await arrived(response)
