"""A control plane with an Envoy of its own, which is told things it cannot take."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client import REGISTRY

from discovery.control_plane.bootstrap import bootstrap
from discovery.control_plane.codec import Codec
from discovery.control_plane.publisher import Publisher
from discovery.control_plane.resources import CLUSTER, ENDPOINT, LISTENER, Resources
from discovery.control_plane.resources.build import build
from discovery.control_plane.server import serving
from discovery.control_plane.settings import Settings
from scripts.layout import Layout
from scripts.supervisor import Supervisor
from tests.discovery.instance import Instance
from tests.discovery.platform import PORT_OFFSET, envoy_process
from tests.discovery.traffic import answered
from tests.parts import eventually
from tests.tokens import Issuer
from tests.unit.discovery.catalogs import catalog, endpoint


@dataclass(frozen=True)
class Rig:
    """An edge, a gateway behind it, and what it may be told."""

    publisher: Publisher
    good: Resources
    http: ClientSession


@pytest.fixture
async def rig(native: Path, codec: Codec, tmp_path: Path) -> AsyncIterator[Rig]:
    """Everything is running, and the gateway answers; no signing key is known."""
    layout = Layout(tmp_path, PORT_OFFSET + 100)
    publisher = Publisher(codec)
    settings = Settings(edge_address=layout.address("edge"))
    async with (
        Instance("gateway", "gw").serving() as gateway,
        serving(publisher, codec, layout.host, 0) as port,
        Supervisor(
            [
                envoy_process(
                    layout, "edge", bootstrap("edge", "t", layout.port("edge_admin"), [(layout.host, port)])
                )
            ],
            logs=layout.logs,
            record=layout.process_record,
        ) as supervisor,
        ClientSession(layout.url("edge")) as http,
    ):
        good = build("edge", catalog(gateway=(endpoint("gw", gateway.port),)), settings)
        publisher.publish("edge", good)
        await supervisor.start()
        await eventually(lambda: answered(http, "/api/x", "gw"))
        yield Rig(publisher, good, http)


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
        moved = build(
            "edge",
            catalog(gateway=(endpoint("next", following.port),)),
            Settings(edge_address=rig.http._base_url.authority),
        )
        rig.publisher.publish("edge", moved)
        await eventually(lambda: answered(rig.http, "/api/x", "next"))


async def test_inconsistent_resources_are_not_published(rig: Rig) -> None:
    before = rig.publisher.snapshots["edge"]
    rig.publisher.publish("edge", {**rig.good, ENDPOINT: {}})
    assert rig.publisher.snapshots["edge"] is before


async def test_resources_with_unknown_fields_are_not_published(rig: Rig) -> None:
    before = rig.publisher.snapshots["edge"]
    rig.publisher.publish("edge", changed(rig.good, CLUSTER, "gateway", conect_timeout="1s"))
    assert rig.publisher.snapshots["edge"] is before


async def test_before_there_is_a_key_every_token_is_refused(rig: Rig) -> None:
    async with rig.http.get("/api/x", headers=Issuer.make().bearer("u1")) as response:
        assert response.status == 401
    assert await answered(rig.http, "/api/x", "gw")
