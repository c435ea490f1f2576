"""WebSockets at the edge: opened with a ticket and not with a token, long-lived, and as little believed as anything."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from discovery.control_plane.codec import Codec
from tests.discovery.instance import Instance
from tests.discovery.platform import Platform
from tests.discovery.rig import rigged
from tests.discovery.traffic import PUBLIC, answered
from tests.otlp import otlp_receiver
from tests.parts import eventually

LIVE = "/api/v1/live?ticket=hidden&cursor=c"


@pytest.fixture(scope="module", autouse=True)
async def gateway(running_platform: Platform) -> AsyncIterator[Instance]:
    """A gateway behind the edge."""
    async with Instance("gateway", "gw").registered(running_platform.consul) as instance:
        await eventually(lambda: answered(running_platform.edge, PUBLIC, "gw"))
        yield instance


async def test_a_ticket_gets_through_and_claims_do_not(platform: Platform) -> None:
    claims = {
        "X-Portico-User": "somebody",
        "X-Portico-Role": "admin",
        "X-Envoy-External-Address": "10.0.0.1",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "elsewhere.example",
        "Traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
    }
    kept = {"Origin": "https://shop.example.com", "X-Correlation-Id": "mine"}
    async with platform.edge.ws_connect(LIVE, headers={**claims, **kept}) as socket:
        assert socket._response.headers["x-correlation-id"] == "mine"
        await socket.send_str("what did you get?")
        got: dict[str, Any] = await socket.receive_json(timeout=5)
    assert got["path"] == LIVE
    headers = got["headers"]
    assert "authorization" not in headers
    assert not {"x-portico-user", "x-portico-role", "x-forwarded-host"} & headers.keys()
    assert headers["x-envoy-external-address"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["origin"] == kept["Origin"]
    assert "a" * 32 not in headers["traceparent"]
    assert "x-envoy-expected-rq-timeout-ms" not in headers


async def test_a_ticket_does_not_make_a_bad_token_good(platform: Platform) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        async with platform.edge.ws_connect(LIVE, headers={"Authorization": "Bearer nonsense"}):
            pass
    assert refused.value.status == 401


async def test_a_socket_outlives_the_deadlines_of_requests(codec: Codec, tmp_path: Path) -> None:
    async with rigged(codec, tmp_path, edge_request_seconds=0.3, edge_header_seconds=0.3) as rig:
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))
        now = asyncio.get_running_loop().time
        async with rig.http.ws_connect(LIVE) as socket:
            opened = now()
            await eventually(lambda: now() > opened + 1.0)
            await socket.send_str("still here")
            assert await socket.receive_str(timeout=5) == "still here"


async def test_a_ticket_is_neither_logged_nor_traced(codec: Codec, tmp_path: Path) -> None:
    async with otlp_receiver() as receiver, rigged(codec, tmp_path, otlp_endpoint=receiver.url) as rig:
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))
        async with rig.http.ws_connect(LIVE) as socket:
            await socket.send_str("what did you get?")
            trace = (await socket.receive_json(timeout=5))["headers"]["traceparent"][3:35]
        await eventually(lambda: "envoy-edge" in receiver.services(trace))
        await eventually(lambda: trace in rig.access_log())
    assert "/api/v1/live" in rig.access_log()
    assert "hidden" not in rig.access_log()
    assert not any("hidden" in str(span) for _, span in receiver.spans[trace])
