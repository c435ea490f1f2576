"""Signing keys at the edge: acknowledged when the Envoys verify with them, and not earlier."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from discovery.consul import kv
from discovery.consul.client import consul_client
from discovery.consul.roster import roster
from discovery.control_plane import descriptors
from discovery.control_plane.codec import Codec
from discovery.control_plane.edges import RETURN_SECONDS
from discovery.control_plane.resources import EXTENSION, Resources
from discovery.control_plane.resources.admission import TOKENS
from discovery.control_plane.resources.build import build
from scripts.layout import Layout
from scripts.native import xds
from tests.discovery.conftest import HOME, JWKS_KEY
from tests.discovery.instance import Instance
from tests.discovery.platform import CONTROL_PLANES, Platform
from tests.discovery.rig import Rig, rigged
from tests.discovery.traffic import answered
from tests.parts import eventually
from tests.tokens import Issuer
from tests.unit.discovery.catalogs import catalog

STREAM = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
PUBLIC = "/api/v1/products"


def jwks(*issuers: Issuer) -> bytes:
    """The keys of several issuers in one document."""
    return orjson.dumps({"keys": [key for issuer in issuers for key in orjson.loads(issuer.jwks)["keys"]]})


def told(rig: Rig, *issuers: Issuer) -> Resources:
    """What the edge is told when these issuers' keys are published."""
    fresh = build("edge", catalog(jwks(*issuers).decode()), rig.settings)
    return {**rig.good, EXTENSION: fresh[EXTENSION]}


async def takes(http: ClientSession, token: str) -> bool:
    """Whether the edge takes a token."""
    async with http.get(PUBLIC, headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status in (200, 401)
        return response.status == 200


async def refuses(http: ClientSession, token: str) -> bool:
    """Whether the edge refuses a token."""
    return not await takes(http, token)


@pytest.fixture
async def rig(codec: Codec, tmp_path: Path) -> AsyncIterator[Rig]:
    """An edge whose gateway answers, and whose keys are told by the test."""
    async with rigged(codec, tmp_path) as rig:
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))
        yield rig


@pytest.fixture
def issuers() -> list[Issuer]:
    return [Issuer.make(kid) for kid in ("a", "b", "c")]


async def test_what_is_acknowledged_is_verified_with(rig: Rig, issuers: list[Issuer]) -> None:
    for number in range(1, 4):
        known = issuers[:number]
        rig.publisher.publish("edge", told(rig, *known))
        await eventually(partial(acknowledged, rig, known))
        # Its worker threads hear of it a moment after it has said so.
        await eventually(partial(takes, rig.http, known[-1].token("u1")), seconds=1.0)
        assert all([await takes(rig.http, issuer.token("u1")) for issuer in known])


def acknowledged(rig: Rig, issuers: list[Issuer]) -> bool:
    """Whether the edge verifies with exactly these issuers' keys."""
    return rig.edges.signing_keys() == [issuer.kid for issuer in issuers] and not rig.edges.waits_for()


async def test_a_token_of_a_removed_key_is_refused_however_often_it_was_taken(
    rig: Rig, issuers: list[Issuer]
) -> None:
    old, new = issuers[:2]
    token = old.token("u1")
    rig.publisher.publish("edge", told(rig, old, new))
    await eventually(lambda: takes(rig.http, token))
    assert all([await takes(rig.http, token) for _ in range(20)])
    rig.publisher.publish("edge", told(rig, new))
    await eventually(lambda: refuses(rig.http, token))
    assert await takes(rig.http, new.token("u1"))
    assert rig.edges.signing_keys() == ["b"]


async def test_a_key_that_an_edge_refuses_is_not_acknowledged_until_it_takes_it(
    rig: Rig, issuers: list[Issuer]
) -> None:
    old, new = issuers[:2]
    rig.publisher.publish("edge", told(rig, old))
    await eventually(lambda: rig.edges.signing_keys() == ["a"])
    rig.publisher.publish("edge", broken(told(rig, old, new)))
    (complaint,) = await eventually(lambda: [said for said in rig.edges.waits_for() if "refuses" in said])
    assert complaint.startswith("edge-test, which refuses them: ")
    assert rig.edges.signing_keys() == ["a"]
    assert await takes(rig.http, old.token("u1"))
    assert not await takes(rig.http, new.token("u1"))
    rig.publisher.publish("edge", told(rig, old, new))
    await eventually(lambda: rig.edges.signing_keys() == ["a", "b"])
    assert rig.edges.waits_for() == []


def broken(resources: Resources) -> Resources:
    """The same with a filter that needs a provider of tokens which is not there."""
    tokens = orjson.loads(orjson.dumps(resources[EXTENSION][TOKENS]))
    tokens["typed_config"]["rules"] = [{"match": {"prefix": "/"}, "requires": {"provider_name": "nobody"}}]
    return {**resources, EXTENSION: {**resources[EXTENSION], TOKENS: tokens}}


async def test_of_two_edges_the_slower_one_counts(rig: Rig, issuers: list[Issuer]) -> None:
    old, new = issuers[:2]
    rig.publisher.publish("edge", told(rig, old))
    await eventually(lambda: rig.edges.signing_keys() == ["a"])
    async with other_edge(rig) as other:
        await eventually(lambda: rig.edges.waits_for() == ["edge-slow, which has not taken them yet"])
        assert rig.edges.signing_keys() == []
        await other.acknowledge()
        await eventually(lambda: rig.edges.signing_keys() == ["a"])
        rig.publisher.publish("edge", told(rig, old, new))
        await eventually(lambda: takes(rig.http, new.token("u1")))
        assert rig.edges.signing_keys() == ["a"]
        await other.acknowledge()
        await eventually(lambda: rig.edges.signing_keys() == ["a", "b"])


class OtherEdge:
    """An Envoy that wants nothing but its keys, and takes them when the test says so."""

    def __init__(self, stream: Any) -> None:
        pool = descriptors.load(xds.descriptors(Layout(HOME)))
        package = "envoy.service.discovery.v3"
        self._request = GetMessageClass(pool.FindMessageTypeByName(f"{package}.DeltaDiscoveryRequest"))
        self._response = GetMessageClass(pool.FindMessageTypeByName(f"{package}.DeltaDiscoveryResponse"))
        self._stream = stream

    async def say(self, **fields: Any) -> None:
        """One request."""
        await self._stream.write(self._request(type_url=EXTENSION, **fields).SerializeToString())

    async def acknowledge(self) -> None:
        """Take the next that comes."""
        response: Any = self._response.FromString(await self._stream.read())
        await self.say(response_nonce=response.nonce)


@asynccontextmanager
async def other_edge(rig: Rig) -> AsyncIterator[OtherEdge]:
    """A second edge at the same control plane."""
    async with aio.insecure_channel(f"{rig.layout.host}:{rig.xds_port}") as channel:
        stream: Any = channel.stream_stream(STREAM)()
        edge = OtherEdge(stream)
        await edge.say(node={"id": "edge-slow", "cluster": "edge"}, resource_names_subscribe=[TOKENS])
        try:
            yield edge
        finally:
            stream.cancel()


async def test_every_control_plane_tells_what_its_edges_verify_with(
    platform: Platform, issuer: Issuer
) -> None:
    new = Issuer.make("new")
    async with (
        Instance("gateway", "gw").registered(platform.consul),
        consul_client(platform.consul) as consul,
    ):
        await kv.put(consul, JWKS_KEY, issuer.jwks)
        await eventually(lambda: all_tell(platform, {issuer.kid}), seconds=2 * RETURN_SECONDS)
        await kv.put(consul, JWKS_KEY, jwks(issuer, new))
        await eventually(lambda: all_tell(platform, {issuer.kid, new.kid}))
        await eventually(lambda: takes(platform.edge, new.token("u1")), seconds=1)
        # Its edge finds the other one, which speaks for it from then on.
        await platform.supervisor.stop(CONTROL_PLANES[0])
        await eventually(lambda: all_tell(platform, {issuer.kid, new.kid}))
        await kv.put(consul, JWKS_KEY, issuer.jwks)
        await eventually(lambda: all_tell(platform, {issuer.kid}))
        # What an Envoy has acknowledged reaches its threads a moment later.
        await eventually(lambda: refuses(platform.edge, new.token("u1")), seconds=1)


async def reports(platform: Platform) -> list[dict[str, Any]]:
    """What each control plane that is well tells of itself."""
    async with consul_client(platform.consul) as consul, ClientSession() as http:
        found = []
        for member in await roster(consul, "portico"):
            if member.service == "control-plane" and member.passing:
                where = member.endpoint
                async with http.get(f"http://{where.host}:{where.port}/health") as response:
                    found.append(await response.json())
    return found


async def all_tell(platform: Platform, kids: set[str]) -> bool:
    """Whether all of them tell exactly these keys, and wait for nobody."""
    told = await reports(platform)
    return bool(told) and all(
        (set(one["signing_keys"]), one["signing_keys_wait_for"]) == (kids, []) for one in told
    )
