"""The HTTP edge that every service has: who gets in, and how a no looks."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp import web
from pydantic import BaseModel, ConfigDict

from services.chassis.app import make_service
from services.chassis.health import READINESS
from services.chassis.http import query, read, reply
from services.chassis.identity import Role, caller, require
from services.chassis.settings import ProcessSettings
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer


class Settings(ProcessSettings):
    service: str = "probe"


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    count: int = 1


async def echo(request: web.Request) -> web.Response:
    return reply(await read(request, Thing))


async def search(request: web.Request) -> web.Response:
    return reply(query(request, Thing))


async def whoami(request: web.Request) -> web.Response:
    return web.json_response({"user_id": caller(request).user_id})


async def admins(request: web.Request) -> web.Response:
    require(request, Role.ADMIN)
    return web.json_response({})


async def broken(_request: web.Request) -> web.Response:
    raise RuntimeError("secret internals")


@pytest.fixture
async def service(here: Corner, start: Start) -> Instance:
    app = make_service(here.settings(Settings, max_body_bytes=1000))
    app.router.add_post("/echo", echo)
    app.router.add_get("/search", search)
    app.router.add_get("/whoami", whoami)
    app.router.add_get("/admins", admins)
    app.router.add_get("/broken", broken)
    return await start(app)


async def post(
    service: Instance, body: bytes, content_type: str = "application/json"
) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": content_type}
    async with service.http.post("/echo", data=body, headers=headers) as response:
        return response.status, await response.json(content_type=None)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b'{"name": "x"}', 200, None),
        (b"{", 400, None),
        (b"\xff\xfe", 400, None),
        (b"[" * 900, 400, None),
        (b"[]", 422, "body"),
        (b"{}", 422, "name"),
        (b'{"name": "x", "count": "many"}', 422, "count"),
        (b'{"name": "x", "count": "5"}', 422, "count"),
        (b'{"name": "x", "count": true}', 422, "count"),
        (b'{"name": {"$gt": ""}}', 422, "name"),
        (b'{"name": "x", "role": "admin"}', 422, "role"),
        (b'{"name": "' + b"x" * 2000 + b'"}', 413, None),
    ],
)
async def test_bad_bodies_are_refused_by_name(
    service: Instance, body: bytes, status: int, field: str | None
) -> None:
    answered, document = await post(service, body)
    assert answered == status
    if status != 200:
        assert document["status"] == status
        assert document["type"].startswith("urn:portico:problem:")
        assert len(document["trace_id"]) == 32
    if field:
        assert [error["field"] for error in document["errors"]] == [field]


async def test_other_media_types_are_refused(service: Instance) -> None:
    assert (await post(service, b"name=x", "application/x-www-form-urlencoded"))[0] == 415


async def test_a_compressed_body_is_not_unpacked(service: Instance) -> None:
    for encoding in ("gzip", "deflate", "br", "nonsense"):
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        async with service.http.post("/echo", data=b"not compressed at all", headers=headers) as response:
            assert (response.status, response.content_type) == (415, "application/problem+json")


async def test_headers_that_envoy_lets_through_are_taken(service: Instance) -> None:
    async with service.http.get("/search?name=a", headers={"X-Long": "a" * 50_000}) as response:
        assert response.status == 200


async def test_a_token_of_strange_letters_is_refused(service: Instance) -> None:
    async with service.http.get("/whoami", headers={"Authorization": "Bearer \xfc.\xfc.\xfc"}) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/nothing", 404, "no-such-path"),
        ("/echo", 405, "method-not-allowed"),
        ("/broken", 500, "internal"),
        ("/search?name=a&name=b", 422, "invalid"),
        ("/search?name=a&extra=b", 422, "invalid"),
        ("/whoami", 401, "unauthenticated"),
    ],
)
async def test_every_no_is_a_problem_document(service: Instance, path: str, status: int, slug: str) -> None:
    async with service.http.get(path) as response:
        assert (response.status, response.content_type) == (status, "application/problem+json")
        document = await response.json()
        assert document["type"] == f"urn:portico:problem:{slug}"
        assert "secret internals" not in json.dumps(document)
        assert response.headers["x-correlation-id"]
        assert document["trace_id"] in response.headers["traceparent"]


async def test_a_good_token_gets_in(service: Instance, issuer: Issuer) -> None:
    async with service.http.get("/whoami", headers=issuer.bearer("u1")) as response:
        assert await response.json() == {"user_id": "u1"}


def _unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "kid": "test-key", "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
        + "."
    )


@pytest.mark.parametrize(
    "bad", ["forged", "unknown key", "expired", "alg none", "hmac", "audience", "issuer", "junk"]
)
async def test_bad_tokens_are_refused(service: Instance, issuer: Issuer, bad: str) -> None:
    now = datetime.now(UTC)
    claims = {"sub": "u1", "aud": "portico", "iss": "portico-auth", "iat": int(now.timestamp())}
    exp = int((now + timedelta(minutes=5)).timestamp())
    token = {
        "forged": Issuer.make().token("u1"),
        "unknown key": Issuer.make("other").token("u1"),
        "expired": issuer.token("u1", exp=now - timedelta(seconds=1)),
        "alg none": _unsigned({**claims, "exp": exp}),
        "hmac": jwt.encode({**claims, "exp": exp}, issuer.jwks[:64], "HS256", headers={"kid": issuer.kid}),
        "audience": issuer.token("u1", aud="another"),
        "issuer": issuer.token("u1", iss="another"),
        "junk": "a.b.c",
    }[bad]
    for path in ("/whoami", "/search?name=a"):
        async with service.http.get(path, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.status == 401


async def test_a_token_that_never_expires_is_refused(service: Instance, issuer: Issuer) -> None:
    async with service.http.get("/whoami", headers=issuer.bearer("u1", exp=None)) as response:
        assert response.status == 401


async def test_a_role_is_needed_where_one_is_asked_for(service: Instance, issuer: Issuer) -> None:
    for role, status in (("customer", 403), ("support", 403), ("admin", 200)):
        async with service.http.get("/admins", headers=issuer.bearer("u1", role)) as response:
            assert response.status == status


async def test_a_missing_part_is_named_and_draining_is_not_unready(service: Instance) -> None:
    async def down() -> None:
        raise ConnectionError("secret address")

    service.app[READINESS].add("database", down)
    service.app[READINESS].add("cache", down, matters=False)
    await service.app[READINESS].refresh()
    async with service.http.get("/readyz") as response:
        report = await response.json()
        assert response.status == 503
        assert report["checks"]["database"]["error"] == "ConnectionError"
        assert (report["status"], report["checks"]["cache"]["matters"]) == ("unready", False)
    for path, status in (("/livez", 200), ("/health", 200), ("/servingz", 200), ("/metrics", 200)):
        async with service.http.get(path) as response:
            assert response.status == status
    service.app[READINESS].draining = True
    async with service.http.get("/servingz") as response:
        assert response.status == 503


async def test_who_asks_for_one_that_had_this_address_before_is_told_so(service: Instance) -> None:
    await service.app[READINESS].refresh()
    for instance, status in ((service.app[READINESS].instance, 200), ("somebody-else", 421)):
        async with service.http.get("/readyz", params={"instance": instance}) as response:
            assert response.status == status


async def test_the_caller_s_deadline_is_kept(here: Corner, start: Start) -> None:
    import asyncio

    never = asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    app = make_service(here.settings(Settings))
    app.router.add_get("/slow", slow)
    service = await start(app)
    headers = {"x-envoy-expected-rq-timeout-ms": "50"}
    async with service.http.get("/slow", headers=headers) as response:
        assert response.status == 503
        assert (await response.json())["type"] == "urn:portico:problem:deadline-exceeded"
        assert response.headers["Retry-After"]


async def test_keys_are_learned_from_consul(here: Corner, start: Start) -> None:
    app = make_service(here.settings(Settings))
    app.router.add_get("/whoami", whoami)
    service = await start(app)
    rotated = Issuer.make("rotated")
    await here.store("jwks", rotated.jwks)

    async def gets_in() -> bool:
        async with service.http.get("/whoami", headers=rotated.bearer("u2")) as response:
            return response.status == 200

    await eventually(gets_in)


async def test_a_process_tells_which_keys_it_verifies_with(
    here: Corner, service: Instance, issuer: Issuer
) -> None:
    async def told() -> list[str]:
        async with service.http.get("/health") as response:
            known: list[str] = (await response.json())["signing_keys"]
            return known

    other = Issuer.make("another")
    assert await told() == [issuer.kid]
    await here.store("jwks", other.jwks)

    async def follows() -> bool:
        return await told() == ["another"]

    await eventually(follows)
    async with service.http.get("/whoami", headers=issuer.bearer("u1")) as response:
        assert response.status == 401


async def test_a_clock_that_is_ahead_at_auth_refuses_nobody(service: Instance, issuer: Issuer) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=3)
    async with service.http.get("/whoami", headers=issuer.bearer("u1", iat=ahead)) as response:
        assert response.status == 200
