"""Instances come, go and die, and Envoy's traffic follows."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import pytest

from discovery.consul.client import consul_client
from discovery.consul.registration import Registration, registered
from services.chassis.app import make_service
from services.chassis.settings import ProcessSettings
from tests.discovery.conftest import Join
from tests.discovery.instance import Instance, process
from tests.discovery.platform import CONTROL_PLANES, TAGS, Platform
from tests.discovery.traffic import Traffic, answered, traffic
from tests.parts import eventually
from tests.serving import serving


async def test_a_registered_instance_takes_traffic_and_a_deregistered_one_none(
    platform: Platform, join: Join
) -> None:
    async with join("order", "joined"):
        await eventually(lambda: answered(platform.egress, "http://order/", "joined"))

    async def refused() -> bool:
        async with platform.egress.get("http://order/") as response:
            return response.status == 503

    await eventually(refused)
    await eventually(lambda: has_only(platform, "order", set()))


async def test_an_instance_registered_by_hand_takes_traffic(platform: Platform) -> None:
    async with Instance("product", "by-hand").serving() as instance, consul_client(platform.consul) as client:
        await client.agent.service.register(
            "product", service_id="by-hand", address="127.0.0.1", port=instance.port
        )
        await eventually(lambda: answered(platform.egress, "http://product/", "by-hand"))
        await client.agent.service.deregister("by-hand")
        await eventually(lambda: has_only(platform, "product", set()))


def served(seen: Traffic, id: str) -> bool:
    """Whether an instance has had its share of the traffic."""
    return seen.instances[id] > 20


async def has_only(platform: Platform, service: str, ids: set[str]) -> bool:
    """Whether the egress knows exactly these instances."""
    return await platform.endpoints("egress", service) == ids


async def test_an_instance_that_consul_forgot_comes_back(platform: Platform, join: Join) -> None:
    async with join("auth", "forgotten"), consul_client(platform.consul) as client:
        await eventually(lambda: has_only(platform, "auth", {"forgotten"}))
        await client.agent.service.deregister("forgotten")
        await eventually(lambda: has_only(platform, "auth", set()))
        await eventually(lambda: answered(platform.egress, "http://auth/", "forgotten"), seconds=5)


async def test_an_instance_that_was_killed_is_passing_as_soon_as_it_is_back(
    platform: Platform, join: Join
) -> None:
    nobody_listens = Registration("auth", "killed", "127.0.0.1", 1, "test")
    async with (
        consul_client(platform.consul) as client,
        registered(platform.consul, nobody_listens, 0, on_drain=lambda: None),
    ):

        async def passing() -> set[str]:
            _, nodes = await client.health.service("auth", passing=True)
            return {node["Service"]["ID"] for node in nodes}

        async def critical() -> bool:
            return "killed" not in await passing()

        await eventually(critical, seconds=5)
        async with join("auth", "killed"):
            assert "killed" in await passing()


async def test_one_that_is_gone_gets_no_traffic_though_another_has_its_address(platform: Platform) -> None:
    app = make_service(ProcessSettings(service="order", instance="here-now", consul_url=platform.consul))
    async with serving(app) as port:
        gone, here = (Registration("order", id, "127.0.0.1", port, "test") for id in ("gone", "here-now"))
        async with AsyncExitStack() as registrations:
            for one in (gone, here):
                entered = registered(platform.consul, one, 0, on_drain=lambda: None)
                await registrations.enter_async_context(entered)
            await eventually(lambda: has_only(platform, "order", {"here-now"}), seconds=5)


async def test_a_process_has_the_tags_that_it_is_told_beside_our_own(platform: Platform) -> None:
    async with consul_client(platform.consul) as client:
        _, nodes = await client.health.service("control-plane", passing=True)
    assert len(nodes) == len(CONTROL_PLANES)
    assert all(node["Service"]["Tags"] == ["portico", *TAGS] for node in nodes)


async def test_replacing_an_instance_under_load_loses_no_request(platform: Platform, join: Join) -> None:
    async with join("inventory", "stays"):
        await eventually(lambda: answered(platform.egress, "http://inventory/", "stays"))
        async with traffic(platform.egress, "http://inventory/") as seen:
            for id in ("first", "second"):
                async with join("inventory", id):
                    await eventually(partial(served, seen, id))
            await eventually(lambda: has_only(platform, "inventory", {"stays"}))
    assert seen.failed == {}


async def test_a_killed_instance_costs_no_safe_request(platform: Platform, join: Join) -> None:
    async with (
        join("order", "survivor"),
        process("order", "victim", platform.consul) as victim,
        traffic(platform.egress, "http://order/") as seen,
    ):
        await eventually(lambda: min(seen.instances["victim"], seen.instances["survivor"]) > 50)
        seen.statuses.clear()
        victim.kill()
        await eventually(lambda: has_only(platform, "order", {"survivor"}), seconds=5)
    assert seen.failed == {}


async def test_a_process_told_to_stop_drains(platform: Platform, join: Join) -> None:
    async with (
        join("payment", "stays"),
        process("payment", "leaves", platform.consul) as leaving,
        traffic(platform.egress, "http://payment/") as seen,
    ):
        await eventually(lambda: seen.instances["leaves"] > 20)
        seen.statuses.clear()
        leaving.terminate()
        assert await leaving.wait() == 0
        await eventually(lambda: has_only(platform, "payment", {"stays"}))
    assert seen.failed == {}


async def test_without_consul_registering_waits_and_says_for_what() -> None:
    said = asyncio.Event()

    async def register() -> None:
        nowhere = Registration("order", "order-1", "127.0.0.1", 1, "test")
        async with registered(
            "http://127.0.0.1:1", nowhere, 0, on_drain=lambda: None, on_wait=lambda _: said.set()
        ):
            pytest.fail("registered with nobody")

    waiting = asyncio.create_task(register())
    async with asyncio.timeout(5):
        await said.wait()
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting})
