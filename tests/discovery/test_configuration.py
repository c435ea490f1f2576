"""Operators change in Consul how Envoy calls the services, and what the edge takes, while all of it runs."""

import asyncio
import time
from collections import Counter
from functools import partial
from typing import Any

from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from discovery.consul.client import consul_client
from tests.discovery.conftest import Configure, Join
from tests.discovery.platform import CONTROL_PLANES, Platform
from tests.discovery.traffic import Traffic, answered, traffic
from tests.parts import eventually

PATIENT = {"x-envoy-expected-rq-timeout-ms": "14000"}
SHARE_OF = 2000


async def seconds_of(http: ClientSession, url: str, status: int) -> float:
    """How long a request takes that is answered with this status."""
    started = time.monotonic()
    async with http.get(url, headers=PATIENT) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"
        assert response.headers["retry-after"] == "1"
    return time.monotonic() - started


async def is_answered_with(http: ClientSession, url: str, status: int) -> bool:
    """Whether a request is answered with this status now."""
    async with http.get(url) as response:
        return response.status == status


async def test_a_time_out_holds_whatever_the_caller_says(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with join("inventory", "held") as held:
        await eventually(lambda: answered(platform.egress, "http://inventory/", "held"))
        impatient = {"timeout": 0.3, "per_try_timeout": 0.2}
        await configure("traffic", {"services": {"inventory": impatient}}, seen_by="egress")
        assert 0.3 <= await seconds_of(platform.egress, "http://inventory/held", 504) < 2
        held.released.set()


async def test_without_retries_a_call_is_made_once(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with join("payment", "failing"):
        await eventually(lambda: answered(platform.egress, "http://payment/", "failing"))
        assert await attempts(platform) == 3
        await configure("traffic", {"services": {"payment": {"retries": 0}}}, seen_by="egress")
        assert await attempts(platform) == 1


async def attempts(platform: Platform) -> int:
    """How often a call that fails is made."""
    async with platform.egress.get("http://payment/status/503") as response:
        return int(response.headers["x-envoy-attempt-count"])


async def test_what_is_above_a_threshold_is_refused_at_once(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with join("order", "busy") as busy:
        await eventually(lambda: answered(platform.egress, "http://order/", "busy"))
        await configure("traffic", {"services": {"order": {"max_requests": 1}}}, seen_by="egress")
        asked = busy.requests
        async with asyncio.TaskGroup() as group:
            first = group.create_task(answered(platform.egress, "http://order/held", "busy"))
            await eventually(lambda: busy.requests > asked)
            assert await seconds_of(platform.egress, "http://order/", 503) < 3
            busy.released.set()
        assert first.result()
        assert await answered(platform.egress, "http://order/", "busy")


async def test_canaries_get_their_share_and_it_changes(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with (
        join("order", "plain-1"),
        join("order", "plain-2"),
        join("order", "new-1", "canary"),
        join("order", "new-2", "canary"),
    ):
        # Unequal weights are exact; among equals chance decides.
        for percent in (10, 40, 0):
            await configure("traffic", {"services": {"order": {"canary": {"canary": percent}}}})
            await eventually(partial(is_shared, platform, percent))
            asked = await asked_of(platform)
            share = 100 * (asked["new-1"] + asked["new-2"]) / SHARE_OF
            assert abs(share - percent) <= (3 if percent else 0), asked
            if percent:
                assert abs(asked["plain-1"] - asked["plain-2"]) <= 0.03 * SHARE_OF, asked


async def is_shared(platform: Platform, percent: int) -> bool:
    """Whether the instances of the order service that are to be asked have their weights."""
    asked = {
        host["hostname"]: host["weight"]
        for host in await platform.hosts("egress", "order")
        if host["health_status"]["eds_health_status"] == "HEALTHY"
    }
    canaries = asked.get("new-1", 0) + asked.get("new-2", 0)
    return len(asked) == (4 if percent else 2) and canaries * 100 == percent * sum(asked.values())


async def asked_of(platform: Platform) -> Counter[str]:
    """How often each instance was asked, of so many times."""
    seen: Counter[str] = Counter()

    async def some() -> None:
        for _ in range(SHARE_OF // 8):
            async with platform.egress.get("http://order/") as response:
                seen[(await response.json())["instance"]] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(some())
    return seen


async def test_from_all_to_none_and_back_costs_no_request(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with join("product", "old"), join("product", "new", "canary"):
        await eventually(lambda: answered(platform.egress, "http://product/", "old"))
        await eventually(lambda: answered(platform.egress, "http://product/", "new"))
        async with traffic(platform.egress, "http://product/") as seen:
            for _ in range(5):
                for percent, id in ((0, "old"), (100, "new")):
                    await configure("traffic", {"services": {"product": {"canary": {"canary": percent}}}})
                    await eventually(partial(all_from, seen, id))
        assert seen.failed == {}


def all_from(seen: Traffic, id: str) -> bool:
    """Whether one instance has given all of the last hundred answers; else begin to count anew."""
    if seen.instances.keys() - {id}:
        seen.instances.clear()
    return seen.instances[id] >= 100


async def test_a_change_costs_no_request_and_no_stream(
    platform: Platform, join: Join, configure: Configure
) -> None:
    changes = (
        {"max_requests": 100},
        {"timeout": 9.0, "per_try_timeout": 9.0, "retries": 1},
        {"connect_timeout": 0.2, "max_connections": 50},
        {"outlier": {"failures": 5, "base_ejection": 0.5}},
    )
    async with join("gateway", "a"), join("gateway", "b"):
        await eventually(partial(is_answered_with, platform.edge, "/api/x", 200))
        async with (
            platform.edge.ws_connect("/api/v1/live") as socket,
            traffic(platform.edge, "/api/x") as seen,
        ):
            for change in changes:
                await configure("traffic", {"services": {"gateway": change}}, seen_by="edge")
                await eventually(partial(has_answered, seen, seen.statuses.total() + 200))
                await socket.send_str("still here")
                assert await socket.receive_str(timeout=5) == "still here"
        assert seen.failed == {}


def has_answered(seen: Traffic, requests: int) -> bool:
    """Whether so many requests have been answered."""
    return seen.statuses.total() > requests


INVALID: tuple[Any, ...] = (
    {"services": {"payment": {"retries": -1}}},
    {"services": {"billing": {}}},
    b"{nonsense",
)


async def test_an_invalid_document_changes_nothing_and_is_shown(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with join("payment", "failing"):
        await eventually(lambda: answered(platform.egress, "http://payment/", "failing"))
        await configure("traffic", {"services": {"payment": {"retries": 0}}}, seen_by="egress")
        for bad in INVALID:
            await configure("traffic", bad)
            await eventually(partial(are_valid, platform, 0.0))
            assert await attempts(platform) == 1
            await configure("traffic", {"services": {"payment": {"retries": 0}}})
            await eventually(partial(are_valid, platform, 1.0))


async def are_valid(platform: Platform, expected: float) -> bool:
    """Whether every control plane says so of the section."""
    async with consul_client(platform.consul) as client:
        _, nodes = await client.health.service("control-plane", passing=True)
    ports = [node["Service"]["Port"] for node in nodes]
    found = [await is_valid(port) for port in ports]
    return len(found) == len(CONTROL_PLANES) and set(found) == {expected}


async def is_valid(port: int) -> float | None:
    """What a control plane's metric says of the section."""
    async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as response:
        families = text_string_to_metric_families(await response.text())
    samples = (sample for family in families for sample in family.samples)
    return next(
        (s.value for s in samples if (s.name, s.labels) == ("portico_config_valid", {"what": "traffic"})),
        None,
    )


async def test_the_coarse_limit_is_changed_and_heeded(
    platform: Platform, join: Join, configure: Configure
) -> None:
    async with join("gateway", "gw"):
        await eventually(lambda: answered(platform.edge, "/api/x", "gw"))
        await configure("edge", {"rate_per_second": 1, "rate_burst": 1})
        await eventually(partial(is_answered_with, platform.edge, "/api/x", 429))
        await configure("edge", {})
        await eventually(lambda: answered(platform.edge, "/api/x", "gw"))
