"""An Envoy that is told everything at its start, and asked for nothing but to pass requests on."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from scripts.layout import Layout
from scripts.native.envoy import PART, THREADS
from scripts.native.probes import port_open
from scripts.supervisor import ProcessSpec

_MANAGER: Final = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
)
_ROUTER: Final = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
_CLUSTER: Final = "answers"


def process(layout: Layout, port: int, behind: Sequence[int]) -> ProcessSpec:
    """It listens on a port of this machine and spreads requests over those `behind`, with as many threads as ours."""
    config = layout.config("envoy") / "plain.json"
    return ProcessSpec(
        name="plain-envoy",
        command=(
            *(str(PART.executable(layout.native).path), "--config-path", str(config)),
            *("--use-dynamic-base-id", "--concurrency", str(THREADS), "--log-level", "warning"),
        ),
        ports={"plain": port},
        prepare=partial(_configure, config, layout.host, port, behind),
        ready=partial(port_open, layout.host, port),
    )


def _configure(config: Path, host: str, port: int, behind: Sequence[int]) -> None:
    document = {
        "static_resources": {
            "listeners": [_listener(host, port)],
            "clusters": [_cluster(host, behind)],
        }
    }
    config.write_text(json.dumps(document))


def _listener(host: str, port: int) -> dict[str, Any]:
    everything = {"match": {"prefix": "/"}, "route": {"cluster": _CLUSTER}}
    manager = {
        "@type": _MANAGER,
        "stat_prefix": "plain",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [everything]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": _ROUTER}}],
    }
    filters = [{"name": "http", "typed_config": manager}]
    return {"name": "plain", "address": _address(host, port), "filter_chains": [{"filters": filters}]}


def _cluster(host: str, behind: Sequence[int]) -> dict[str, Any]:
    endpoints = [{"endpoint": {"address": _address(host, port)}} for port in behind]
    return {
        "name": _CLUSTER,
        "type": "STATIC",
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {"cluster_name": _CLUSTER, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}
