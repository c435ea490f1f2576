"""Calls from one process to another: retries, deadlines, and names."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.discovery.conftest import Join
from tests.discovery.instance import Instance
from tests.discovery.platform import Platform
from tests.parts import eventually

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


async def test_a_name_that_is_no_service_is_not_found(platform: Platform) -> None:
    async with platform.egress.get("http://gateway/") as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_the_socket_is_its_owners_alone(platform: Platform) -> None:
    assert platform.layout.egress_socket.stat().st_mode & 0o777 == 0o600
