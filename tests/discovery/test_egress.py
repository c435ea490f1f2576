"""Calls from one process to another: retries, deadlines, and names."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web

from discovery.consul.registration import Registration, registered
from services.chassis.app import make_service
from services.chassis.settings import ProcessSettings
from tests.discovery.conftest import Join
from tests.discovery.instance import Instance
from tests.discovery.platform import Platform
from tests.parts import eventually
from tests.serving import serving

RETRIES = 2


@pytest.fixture
async def pair(platform: Platform, join: Join) -> AsyncIterator[tuple[Instance, Instance]]:
    """Two instances of one service that take traffic."""
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(join("order", f"pair-{n}")) for n in (1, 2)]

        async def both_asked() -> bool:
            async with platform.egress.get("http://order/"):
                return first.requests > 0 and second.requests > 0

        await eventually(both_asked)
        first.requests = second.requests = 0
        yield first, second


async def attempts(platform: Platform, pair: tuple[Instance, Instance], method: str, **headers: str) -> int:
    """How often a call that fails with 503 is made; the answer says so too."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with platform.egress.request(method, "http://order/status/503", headers=named) as response:
        assert response.status == 503
        made = sum(instance.requests for instance in pair)
        assert response.headers["x-envoy-attempt-count"] == str(made)
    return made


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_an_idempotent_call_that_fails_is_made_again(
    platform: Platform, pair: tuple[Instance, Instance], method: str
) -> None:
    assert await attempts(platform, pair, method) == 1 + RETRIES


async def test_a_post_that_was_accepted_is_made_once(
    platform: Platform, pair: tuple[Instance, Instance]
) -> None:
    assert await attempts(platform, pair, "POST") == 1


async def test_a_post_with_an_idempotency_key_is_made_again(
    platform: Platform, pair: tuple[Instance, Instance]
) -> None:
    assert await attempts(platform, pair, "POST", idempotency_key="k1") == 1 + RETRIES


async def test_a_deadline_is_heeded_and_passed_on(platform: Platform, join: Join) -> None:
    async with join("auth", "deadline"):

        async def told() -> str:
            headers = {"x-envoy-expected-rq-timeout-ms": "1234"}
            async with platform.egress.get("http://auth:8080/", headers=headers) as response:
                passed = (await response.json())["headers"] if response.status == 200 else {}
                return str(passed.get("x-envoy-expected-rq-timeout-ms", ""))

        assert await eventually(told) == "1234"


async def test_a_service_stops_when_its_caller_has_given_up(platform: Platform) -> None:
    took: list[float] = []

    async def never(_request: web.Request) -> web.Response:
        started = time.monotonic()
        try:
            await asyncio.Event().wait()
        finally:
            took.append(time.monotonic() - started)
        raise AssertionError

    app = make_service(ProcessSettings(service="auth", consul_url=platform.consul))
    app.router.add_get("/never", never)
    async with serving(app) as port, taking_traffic(platform, port):
        headers = {"x-envoy-expected-rq-timeout-ms": "300"}
        async with platform.egress.get("http://auth/never", headers=headers) as response:
            assert response.status in (503, 504)
        [seconds] = await eventually(lambda: took)
    assert 0.2 < seconds < 1


@asynccontextmanager
async def taking_traffic(platform: Platform, port: int) -> AsyncIterator[None]:
    """The process at `port` is the auth service that Envoy calls."""
    entry = Registration("auth", "slow", "127.0.0.1", port, "test")
    async with registered(platform.consul, entry, 0.0, on_drain=lambda: None):

        async def asked() -> bool:
            async with platform.egress.get("http://auth/livez") as response:
                return response.status == 200

        await eventually(asked)
        yield


async def test_a_name_that_is_no_service_is_not_found(platform: Platform) -> None:
    async with platform.egress.get("http://gateway/") as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_the_socket_is_its_owners_alone(platform: Platform) -> None:
    assert platform.layout.egress_socket.stat().st_mode & 0o777 == 0o600
