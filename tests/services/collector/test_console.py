"""The console keeps strangers out, and lets operators in."""

from typing import Any

import pytest

from observability.collector.console.operators import MOST_SESSIONS
from tests.services.collector.conftest import Collector

OURS = {"X-Portico-Console": "1"}
ADMIN = {"email": "admin@portico.test", "password": "correct horse"}


async def status(
    collector: Collector, method: str, path: str, headers: dict[str, str], body: Any = None
) -> int:
    async with collector.console.request(method, path, headers=headers, json=body) as response:
        return response.status


async def signed_in(collector: Collector) -> dict[str, str]:
    async with collector.console.post("/api/session", json=ADMIN, headers=OURS) as response:
        assert response.status == 201, await response.text()
        return {**OURS, "Authorization": f"Session {(await response.json())['session']}"}


async def test_the_page_brings_its_rules_along(collector: Collector) -> None:
    async with collector.console.get("/") as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "Access-Control-Allow-Origin" not in response.headers
    assert await status(collector, "GET", "/console.js", {}) == 404
    assert await status(collector, "GET", "/..%2fdata%2ftraces.db", {}) == 404


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:16686", "127.0.0.1.evil.test", "localhost.evil.test", "[::1", "0.0.0.0"]
)
async def test_a_name_that_was_made_to_point_here_gets_nothing(collector: Collector, host: str) -> None:
    for path in ("/", "/api/services", "/api/console/logs"):
        assert await status(collector, "GET", path, {"Host": host}) in (400, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8080"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_page_gets_nothing(collector: Collector, headers: dict[str, str]) -> None:
    assert await status(collector, "GET", "/api/services", headers) == 403
    assert await status(collector, "POST", "/api/session", {**headers, **OURS}, ADMIN) == 403
    assert collector.edge.seen == []


async def test_our_own_page_is_let_in_by_either_name(collector: Collector) -> None:
    port = collector.console._base_url.port if collector.console._base_url else 0
    for name in ("127.0.0.1", "localhost", "[::1]"):
        own = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}", "Sec-Fetch-Site": "same-origin"}
        assert await status(collector, "GET", "/api/services", own) == 200


async def test_nothing_is_changed_without_the_page_s_header(collector: Collector) -> None:
    assert await status(collector, "POST", "/api/session", {}, ADMIN) == 403
    session = await signed_in(collector)
    del session["X-Portico-Console"]
    assert await status(collector, "POST", "/api/admin/dead-letters/replay", session, {}) == 403
    assert collector.edge.seen == []


async def test_an_operator_signs_in_acts_and_signs_out(collector: Collector) -> None:
    assert await status(collector, "GET", "/api/admin/sagas", OURS) == 401
    assert await status(collector, "POST", "/api/session", OURS, {**ADMIN, "password": "wrong"}) == 401
    assert await status(collector, "POST", "/api/session", OURS, {"email": "x"}) == 422
    session = await signed_in(collector)
    assert await status(collector, "GET", "/api/admin/sagas?stuck=true&limit=5", session) == 200
    acting = {**session, "Idempotency-Key": "key-1"}
    assert (
        await status(collector, "POST", "/api/admin/dead-letters/replay", acting, {"queue": "order.saga"})
        == 200
    )
    (_, asked, _, _), (method, path, body, headers) = collector.edge.seen
    assert asked == "/api/v1/admin/sagas?stuck=true&limit=5"
    assert (method, path, body) == ("POST", "/api/v1/admin/dead-letters/replay", '{"queue": "order.saga"}')
    assert (headers["Idempotency-Key"], headers["Authorization"]) == ("key-1", "Bearer access-0")
    assert await status(collector, "DELETE", "/api/session", session) == 204
    assert collector.edge.seen[-1][1] == "logout"
    assert await status(collector, "GET", "/api/admin/sagas", session) == 401


async def test_a_session_outlives_its_access_token_and_ends_with_its_refresh_token(
    collector: Collector,
) -> None:
    session = await signed_in(collector)
    collector.edge.expire()
    assert await status(collector, "GET", "/api/admin/sagas", session) == 200
    assert collector.edge.seen[-1][3]["Authorization"] == "Bearer access-1"
    collector.edge.revoke()
    assert [await status(collector, "GET", "/api/admin/sagas", session) for _ in range(2)] == [401, 401]
    assert len(collector.edge.seen) == 1


async def test_of_too_many_sessions_the_one_that_was_away_longest_ends(collector: Collector) -> None:
    sessions = [await signed_in(collector) for _ in range(MOST_SESSIONS + 1)]
    statuses = [await status(collector, "GET", "/api/admin/sagas", session) for session in sessions]
    assert statuses == [401] + [200] * MOST_SESSIONS


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "config"),
        ("PUT", "config/limits"),
        ("POST", "keys/rotation"),
        ("DELETE", "flags/x"),
        ("GET", "sagas/../config"),
        ("GET", "sagas/%2e%2e/config"),
        ("GET", "sagas/a%2fb"),
        ("POST", "sagas/x"),
        ("GET", "dead-letters/x/replay"),
    ],
)
async def test_the_rest_of_the_admin_api_is_out_of_reach(
    collector: Collector, method: str, path: str
) -> None:
    session = await signed_in(collector)
    assert await status(collector, method, f"/api/admin/{path}", session) in (403, 404)
    assert collector.edge.seen == []


async def test_a_made_up_session_is_nobody_s(collector: Collector) -> None:
    await signed_in(collector)
    for said in ("Session x", "Session ", "Bearer access-0", ""):
        assert await status(collector, "GET", "/api/admin/sagas", {"Authorization": said}) == 401


@pytest.mark.parametrize("path", ["/api/console/instances", "/api/console/dashboards/requests"])
async def test_a_part_that_is_away_is_named(collector: Collector, path: str) -> None:
    async with collector.console.get(path) as response:
        assert response.status == 503
        assert "does not answer" in (await response.json(content_type=None))["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/console/logs?limit=0", "limit"),
        ("/api/console/logs?colour=red", "colour"),
        ("/api/console/logs?level=loud", "level"),
        ("/api/console/dashboards/requests?minutes=1", "minutes"),
        ("/api/traces?limit=x", "limit"),
        ("/api/traces/xyz", "trace_id"),
    ],
)
async def test_a_wrong_parameter_is_named(collector: Collector, path: str, field: str) -> None:
    async with collector.console.get(path) as response:
        assert response.status == 422
        assert (await response.json(content_type=None))["errors"][0]["field"] == field


async def test_what_is_not_there_is_not_found(collector: Collector) -> None:
    for path in (f"/api/traces/{'a' * 32}", "/api/console/dashboards/none", "/api/nothing"):
        assert await status(collector, "GET", path, {}) == 404
