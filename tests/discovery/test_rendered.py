"""What is built, written as a static configuration, and checked by Envoy itself."""

import json
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from discovery.config.edge import Edge
from discovery.control_plane.bootstrap import bootstrap
from discovery.control_plane.codec import Codec
from discovery.control_plane.policy import Role
from discovery.control_plane.publisher import ROLES
from discovery.control_plane.resources import (
    CLUSTER,
    ENDPOINT,
    EXTENSION,
    LISTENER,
    ROUTE,
    Message,
    Resources,
)
from discovery.control_plane.resources.build import build
from discovery.control_plane.settings import Settings
from discovery.control_plane.snapshot import snapshot
from scripts.native import envoy
from tests.tokens import Issuer
from tests.unit.discovery.catalogs import catalog, endpoint, traffic


async def validated(configuration: dict[str, Any], native: Path, directory: Path) -> str:
    """What Envoy says against a configuration: nothing, if it takes it."""
    path = directory / "envoy.json"
    path.write_text(json.dumps(configuration))
    command = (envoy.PART.executable(native).path, "--mode", "validate", "-c", path, "--log-level", "error")
    process = await create_subprocess_exec(*command, stdout=DEVNULL, stderr=PIPE)
    _, complaints = await process.communicate()
    return complaints.decode() if process.returncode else ""


def static(resources: Resources, role: Role) -> dict[str, Any]:
    """The resources with everything that comes by discovery in the place where it is named."""
    listener = _plain(resources[LISTENER][role])
    manager = listener["filter_chains"][0]["filters"][-1]["typed_config"]
    del manager["rds"]
    manager["route_config"] = _plain(resources[ROUTE][role])
    manager["http_filters"] = [_filter(f, resources) for f in manager["http_filters"]]
    clusters = [_cluster(c, resources) for c in resources[CLUSTER].values()]
    return {
        "node": {"id": "x", "cluster": role},
        "static_resources": {"listeners": [listener], "clusters": clusters},
    }


def _plain(resource: Message) -> Message:
    return {key: value for key, value in json.loads(json.dumps(resource)).items() if key != "@type"}


def _filter(filter_: Message, resources: Resources) -> Message:
    return _plain(resources[EXTENSION][filter_["name"]]) if "config_discovery" in filter_ else filter_


def _cluster(cluster: Message, resources: Resources) -> Message:
    plain = _plain(cluster)
    if plain.pop("eds_cluster_config", None):
        plain |= {"type": "STATIC", "load_assignment": _plain(resources[ENDPOINT][plain["name"]])}
    return plain


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "settings", [{}, {"otlp_endpoint": "http://collector:4318"}], ids=["plain", "traced"]
)
async def test_envoy_takes_what_is_built(
    role: Role, settings: dict[str, Any], codec: Codec, native: Path, tmp_path: Path
) -> None:
    socket = str(tmp_path / "egress.sock")
    known = catalog(order=(endpoint("order-1"),), gateway=(endpoint("gateway-1"),))
    resources = build(role, known, Settings(egress_address=socket, **settings))
    snapshot(resources, codec)
    assert await validated(static(resources, role), native, tmp_path) == ""


LEAST = {
    "timeout": 0.001,
    "per_try_timeout": 0.001,
    "retries": 0,
    "connect_timeout": 0.001,
    "max_connections": 1,
    "max_pending_requests": 1,
    "max_requests": 1,
    "retry_budget_percent": 0.0,
    "min_retry_concurrency": 0,
    "outlier": {
        "failures": 1,
        "interval": 0.001,
        "base_ejection": 0.001,
        "max_ejection": 0.001,
        "max_ejection_percent": 0,
    },
    "canary": {"next": 0.0},
}
MOST = {
    "timeout": 3600.0,
    "per_try_timeout": 3600.0,
    "retries": 10,
    "connect_timeout": 3600.0,
    "max_connections": 1_000_000,
    "max_pending_requests": 1_000_000,
    "max_requests": 1_000_000,
    "retry_budget_percent": 100.0,
    "min_retry_concurrency": 1_000_000,
    "outlier": {
        "failures": 1_000_000,
        "interval": 3600.0,
        "base_ejection": 3600.0,
        "max_ejection": 3600.0,
        "max_ejection_percent": 100,
    },
    "canary": {"next": 100.0},
}
NARROW = Edge(rate_per_second=1, rate_burst=1)
WIDE = Edge(
    rate_per_second=1_000_000, rate_burst=1_000_000, cors_origins=("*", "https://*.example.com", "http://a:1")
)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("policy", "edge"), [(LEAST, NARROW), (MOST, WIDE)], ids=["least", "most"])
async def test_envoy_takes_the_extremes_of_what_may_be_configured(
    role: Role, policy: dict[str, Any], edge: Edge, codec: Codec, native: Path, tmp_path: Path
) -> None:
    service = "gateway" if role == "edge" else "order"
    instances = (endpoint("plain"), replace(endpoint("next"), tags=("next",), weight=65_535))
    known = catalog(traffic=traffic(service, **policy), edge=edge, gateway=instances, order=instances)
    resources = build(role, known, Settings(egress_address=str(tmp_path / "egress.sock")))
    snapshot(resources, codec)
    assert await validated(static(resources, role), native, tmp_path) == ""


async def test_envoy_takes_published_keys(issuer: Issuer, native: Path, tmp_path: Path) -> None:
    resources = build("edge", catalog(issuer.jwks.decode()), Settings())
    assert await validated(static(resources, "edge"), native, tmp_path) == ""


@pytest.mark.parametrize("role", ROLES)
async def test_envoy_takes_the_bootstrap(role: Role, native: Path, tmp_path: Path) -> None:
    document = bootstrap(role, f"{role}-1", 0, [("127.0.0.1", 18000), ("127.0.0.1", 18001)])
    assert await validated(document, native, tmp_path) == ""


async def test_a_configuration_that_is_wrong_is_told_from_a_right_one(native: Path, tmp_path: Path) -> None:
    resources = build("edge", catalog('{"keys": []}'), Settings())
    assert "jwks" in await validated(static(resources, "edge"), native, tmp_path)
