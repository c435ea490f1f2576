"""What the edge says when nobody behind it can take more: no, at once, and when to come back."""

import asyncio
import signal
import time

from tests.discovery.conftest import Configure, Join
from tests.discovery.instance import process
from tests.discovery.platform import Platform
from tests.discovery.traffic import PUBLIC, answered
from tests.parts import eventually

_AT_ONCE = 1.0
"""Seconds. The edge would wait for a gateway fifteen times as long."""


async def refused_at_once(platform: Platform) -> bool:
    """Whether a request is answered with 503 before anybody could have waited."""
    started = time.monotonic()
    async with platform.edge.get(PUBLIC) as response:
        document = await response.json(content_type=None)
        if response.status != 503 or time.monotonic() - started > _AT_ONCE:
            return False
        assert response.content_type == "application/problem+json"
        assert document["type"] == "urn:portico:problem:unavailable"
        assert response.headers["retry-after"] == "1"
    return True


async def test_without_a_gateway_nobody_waits(platform: Platform) -> None:
    await eventually(lambda: refused_at_once(platform))


async def test_with_all_gateways_killed_nobody_waits(platform: Platform) -> None:
    async with process("gateway", "fallen", platform.consul) as victim:
        await eventually(lambda: answered(platform.edge, PUBLIC, "fallen"))
        victim.kill()
        await victim.wait()
        for _ in range(20):
            assert await refused_at_once(platform)


async def test_with_all_gateways_frozen_nobody_waits_for_long(platform: Platform) -> None:
    async with process("gateway", "frozen", platform.consul) as frozen:
        await eventually(lambda: answered(platform.edge, PUBLIC, "frozen"))
        frozen.send_signal(signal.SIGSTOP)
        # Who is being asked when it happens waits; who comes after two failed health checks does not.
        early = asyncio.create_task(answered(platform.edge, PUBLIC, "frozen"))
        await eventually(lambda: nobody_is_well(platform))
        for _ in range(20):
            assert await refused_at_once(platform)
        frozen.send_signal(signal.SIGCONT)
        assert await early
        await eventually(lambda: answered(platform.edge, PUBLIC, "frozen"))


async def nobody_is_well(platform: Platform) -> bool:
    """Whether Envoy's own check of the gateways has failed."""
    hosts = await platform.hosts("edge", "gateway")
    return all(host["health_status"].get("failed_active_health_check") for host in hosts)


async def test_above_the_threshold_the_rest_is_refused_and_what_was_taken_goes_on(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with join("gateway", "busy") as busy:
        await eventually(lambda: answered(platform.edge, PUBLIC, "busy"))
        await configure("traffic", {"services": {"gateway": {"max_requests": 3}}}, seen_by="edge")
        asked = busy.requests
        async with asyncio.TaskGroup() as group:
            taken = [group.create_task(answered(platform.edge, "/api/held", "busy")) for _ in range(3)]
            await eventually(lambda: busy.requests == asked + 3)
            for _ in range(20):
                assert await refused_at_once(platform)
            async with platform.edge.ws_connect("/api/v1/live") as socket:
                await socket.send_str("streams are counted apart")
                assert await socket.receive_str(timeout=5)
            busy.released.set()
        assert all(task.result() for task in taken)


async def test_the_last_instance_is_asked_on_however_slow_it_was(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with join("gateway", "alone") as alone:
        await eventually(lambda: answered(platform.edge, PUBLIC, "alone"))
        impatient = {"timeout": 1.0, "per_try_timeout": 1.0}
        await configure("traffic", {"services": {"gateway": impatient}}, seen_by="edge")
        async with asyncio.TaskGroup() as group:
            late = [group.create_task(status(platform, "/api/held")) for _ in range(5)]
        assert {task.result() for task in late} == {504}
        alone.released.set()
        assert {await status(platform, PUBLIC) for _ in range(20)} == {200}


async def status(platform: Platform, path: str) -> int:
    """How the edge answers."""
    async with platform.edge.get(path) as response:
        return response.status
