"""Somebody registers what Envoy can't be told of, and all other instances of the service come and go as before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from discovery.consul.client import consul_client
from tests.discovery.conftest import Join
from tests.discovery.platform import CONTROL_PLANES, Platform
from tests.discovery.traffic import answered
from tests.parts import eventually

NOWHERE: Final = "nowhere"
METRIC: Final = "portico_xds_instances_left_out"


@asynccontextmanager
async def registered(platform: Platform, **service: Any) -> AsyncIterator[None]:
    """An instance of payment in the catalogue, which takes more than an agent does, while the block runs."""
    async with consul_client(platform.consul) as client:
        body = {"Service": "payment", "ID": "bad", "Address": "127.0.0.1", "Port": 9, **service}
        assert await client.catalog.register(NOWHERE, "127.0.0.1", service=body)
        try:
            yield
        finally:
            await client.catalog.deregister(NOWHERE)


async def left_out(platform: Platform, number: int) -> bool:
    """Whether every control plane counts so many instances of payment."""
    async with consul_client(platform.consul) as client, ClientSession() as http:
        _, nodes = await client.health.service("control-plane", passing=True)
        counts = []
        for node in nodes:
            async with http.get(f"http://127.0.0.1:{node['Service']['Port']}/metrics") as response:
                families = text_string_to_metric_families(await response.text())
            counts += [
                sample.value
                for family in families
                for sample in family.samples
                if sample.name == METRIC and sample.labels["upstream"] == "payment"
            ]
    return counts == [number] * len(CONTROL_PLANES)


async def has_only(platform: Platform, ids: set[str]) -> bool:
    """Whether the egress knows exactly these instances of payment."""
    return await platform.endpoints("egress", "payment") == ids


@pytest.mark.parametrize(
    "service",
    [
        pytest.param({"Address": "payment.test"}, id="a name"),
        pytest.param({"Address": "fe80::1%nowhere"}, id="a scope"),
        pytest.param({"Port": -1}, id="a negative port"),
        pytest.param({"Port": 65_536}, id="a port that is too high"),
    ],
)
async def test_a_good_one_still_comes_and_goes(
    platform: Platform, join: Join, service: dict[str, Any]
) -> None:
    async with registered(platform, **service):
        async with join("payment", "good"):
            await eventually(lambda: answered(platform.egress, "http://payment/", "good"))
            await eventually(partial(left_out, platform, 1))
            assert await has_only(platform, {"good"})
        await eventually(partial(has_only, platform, set()))
    await eventually(partial(left_out, platform, 0))


async def test_an_instance_with_an_address_of_ipv6_takes_part(platform: Platform) -> None:
    async with registered(platform, Address="::1"):
        await eventually(partial(has_only, platform, {"bad"}))
        assert await left_out(platform, 0)


async def test_no_weight_that_envoy_refuses_comes_out_of_consul(platform: Platform, join: Join) -> None:
    async with registered(platform, Weights={"Passing": 2**32, "Warning": 1}), join("payment", "good"):
        await eventually(partial(has_only, platform, {"bad", "good"}))
        assert await left_out(platform, 0)


async def test_it_stands_for_none_that_are_unready_together(platform: Platform, join: Join) -> None:
    async with (
        registered(platform, Address="payment.test"),
        join("payment", "a") as a,
        join("payment", "b") as b,
    ):
        a.ready = False
        await eventually(partial(has_only, platform, {"b"}))
        b.ready = False
        await eventually(partial(has_only, platform, {"a", "b"}))
