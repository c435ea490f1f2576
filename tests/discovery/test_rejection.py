"""An Envoy is told things it cannot take, and nothing happens to its traffic."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from discovery.control_plane.codec import Codec
from discovery.control_plane.resources import CLUSTER, ENDPOINT, LISTENER, Resources
from discovery.control_plane.resources.build import build
from tests.discovery.instance import Instance
from tests.discovery.rig import Rig, rigged
from tests.discovery.traffic import answered
from tests.parts import eventually
from tests.unit.discovery.catalogs import catalog, endpoint


@pytest.fixture
async def rig(codec: Codec, tmp_path: Path) -> AsyncIterator[Rig]:
    """An edge whose gateway answers."""
    async with rigged(codec, tmp_path) as rig:
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))
        yield rig


def nacks(type_: str) -> float:
    """How often an edge has refused something of this type."""
    return REGISTRY.get_sample_value("portico_xds_nacks_total", {"role": "edge", "type": type_}) or 0.0


def changed(resources: Resources, type_url: str, name: str, **fields: Any) -> Resources:
    """The resources with some fields of one of them replaced."""
    return {**resources, type_url: {**resources[type_url], name: {**resources[type_url][name], **fields}}}


@pytest.mark.parametrize(
    ("type_url", "short", "name", "fields"),
    [
        (CLUSTER, "cluster", "gateway", {"connect_timeout": "-1s"}),
        (LISTENER, "listener", "edge", {"address": {"pipe": {"path": "/nowhere/edge.sock"}}}),
    ],
)
async def test_what_an_envoy_refuses_is_counted_and_the_last_good_one_stays(
    rig: Rig, type_url: str, short: str, name: str, fields: dict[str, Any]
) -> None:
    before = nacks(short)
    rig.publisher.publish("edge", changed(rig.good, type_url, name, **fields))
    await eventually(lambda: nacks(short) == before + 1)
    assert await answered(rig.http, "/api/x", "gw")
    async with Instance("gateway", "next").serving() as following:
        known = catalog(gateway=(endpoint("next", following.port),))
        rig.publisher.publish("edge", build("edge", known, rig.settings))
        await eventually(lambda: answered(rig.http, "/api/x", "next"))
    assert nacks(short) == before + 1


async def test_a_bad_cluster_does_not_hold_up_a_good_one(rig: Rig) -> None:
    before = nacks("cluster")
    bad = changed(rig.good, CLUSTER, "gateway", connect_timeout="-1s")
    both = changed(bad, CLUSTER, "opentelemetry-collector", connect_timeout="7s")
    rig.publisher.publish("edge", both)
    await eventually(lambda: nacks("cluster") >= before + 2)
    async with rig.http.get(f"{rig.layout.url('edge_admin')}/config_dump") as response:
        assert '"connect_timeout": "7s"' in await response.text()


async def test_inconsistent_resources_are_not_published(rig: Rig) -> None:
    before = rig.publisher.snapshots["edge"]
    rig.publisher.publish("edge", {**rig.good, ENDPOINT: {}})
    assert rig.publisher.snapshots["edge"] is before


async def test_resources_with_unknown_fields_are_not_published(rig: Rig) -> None:
    before = rig.publisher.snapshots["edge"]
    rig.publisher.publish("edge", changed(rig.good, CLUSTER, "gateway", conect_timeout="1s"))
    assert rig.publisher.snapshots["edge"] is before
