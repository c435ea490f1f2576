"""What an Envoy has to know before it can ask: who it is, and where the control planes are.

`python -m discovery.control_plane.bootstrap edge` prints what `envoy/edge.json` holds, for containers.
"""

import json
import socket
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final, cast

from discovery.control_plane.policy import MAX_CONNECTIONS, MAX_HEAP_BYTES, Role

LOG_COLLECTOR: Final = "log-collector"
"""The cluster of who takes access lines: Envoy's access logs know none but those of its bootstrap."""

_CLUSTER = "control-plane"
_MONITOR = "type.googleapis.com/envoy.extensions.resource_monitors"
_HEAP = "envoy.resource_monitors.fixed_heap"
_CONNECTIONS = "envoy.resource_monitors.global_downstream_max_connections"
_ADMIN = "admin"
_UNREAD_MILLISECONDS = 10_000
# By itself Envoy sends every five spans, which under load costs it and the collector more than the spans do.
_TRACING = {"tracing.opentelemetry.min_flush_spans": 500, "tracing.opentelemetry.flush_interval_ms": 2_000}

ADMIN_PORT: Final = 9901
STATS_PORT: Final = 9902
"""Inside a container."""

FORWARD_PORT: Final = 24224
"""Where Logstash takes access lines."""


def bootstrap(
    role: Role,
    node_id: str | None,
    admin_port: int,
    control_planes: Sequence[tuple[str, int]],
    *,
    heap_bytes: int = MAX_HEAP_BYTES,
    connections: int = MAX_CONNECTIONS,
    stats_port: int | None = None,
    log_collector: tuple[str, int] | None = None,
) -> dict[str, Any]:
    """An Envoy's bootstrap configuration, to be written as JSON.

    Without a `node_id` Envoy takes that of its command line. `control_planes` are (host, port) of their gRPC side, any
    of which will do. The admin interface listens on 127.0.0.1 only; what Prometheus wants of it is to be had by others
    at `stats_port`, if one is given. With a heap of almost `heap_bytes` Envoy answers every request with 503; of more
    than `connections` clients it closes the connection. `log_collector` is (host, port) of who takes access lines in
    Fluentd's forward protocol, should the control plane ask for that.
    """
    return {
        "node": {"cluster": role} | ({"id": node_id} if node_id else {}),
        "admin": {"address": _address("127.0.0.1", admin_port), "ignore_global_conn_limit": True},
        "dynamic_resources": {
            "ads_config": _ads(),
            "cds_config": {"ads": {}, "resource_api_version": "V3"},
            "lds_config": {"ads": {}, "resource_api_version": "V3"},
        },
        "static_resources": _static(control_planes, admin_port, stats_port, log_collector),
        "overload_manager": _overload(heap_bytes, connections),
        "layered_runtime": {"layers": [{"name": "tracing", "static_layer": _TRACING}]},
    }


def _ads() -> dict[str, Any]:
    # Without a back-off of its own Envoy takes up to 19 s to find a control plane that has come back.
    back_off = {"base_interval": "0.1s", "max_interval": "1s"}
    grpc = {"cluster_name": _CLUSTER, "retry_policy": {"retry_back_off": back_off}}
    return {"api_type": "DELTA_GRPC", "transport_api_version": "V3", "grpc_services": [{"envoy_grpc": grpc}]}


def _overload(heap_bytes: int, connections: int) -> dict[str, Any]:
    heap = {"@type": f"{_MONITOR}.fixed_heap.v3.FixedHeapConfig", "max_heap_size_bytes": heap_bytes}
    clients = {
        "@type": f"{_MONITOR}.downstream_connections.v3.DownstreamConnectionsConfig",
        "max_active_downstream_connections": connections,
    }
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {"name": _HEAP, "typed_config": heap},
            {"name": _CONNECTIONS, "typed_config": clients},
        ],
        "actions": [_at("shrink_heap", 0.85), _at("stop_accepting_requests", 0.95)],
    }


def _at(action: str, share: float) -> dict[str, Any]:
    trigger = {"name": _HEAP, "threshold": {"value": share}}
    return {"name": f"envoy.overload_actions.{action}", "triggers": [trigger]}


def _static(
    control_planes: Sequence[tuple[str, int]],
    admin_port: int,
    stats_port: int | None,
    log_collector: tuple[str, int] | None,
) -> dict[str, Any]:
    clusters = [_control_planes(control_planes)]
    if log_collector:
        clusters.append(_log_collector(log_collector))
    if stats_port is None:
        return {"clusters": clusters}
    admin = {
        "name": _ADMIN,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": _assignment(_ADMIN, [("127.0.0.1", admin_port)]),
    }
    return {"listeners": [_stats(stats_port)], "clusters": [*clusters, admin]}


def _stats(port: int) -> dict[str, Any]:
    """A listener that lets GET /stats/prometheus through to the admin interface, which can do much more than that."""
    reading = [{"name": ":method", "string_match": {"exact": "GET"}}]
    route = {
        "match": {"path": "/stats/prometheus", "headers": reading},
        "route": {"cluster": _ADMIN, "timeout": "5s"},
    }
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = "envoy.extensions.filters.http.router.v3.Router"
    connections = {
        "@type": f"type.googleapis.com/{manager}",
        "stat_prefix": "stats",
        "route_config": {"virtual_hosts": [{"name": "stats", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": f"type.googleapis.com/{router}"}}],
    }
    return {
        "name": "stats",
        "address": _address("0.0.0.0", port),
        "ignore_global_conn_limit": True,
        "filter_chains": [{"filters": [{"name": "http", "typed_config": connections}]}],
    }


def _control_planes(addresses: Sequence[tuple[str, int]]) -> dict[str, Any]:
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    keepalive = {"connection_keepalive": {"interval": "10s", "timeout": "5s"}}
    return {
        "name": _CLUSTER,
        "type": "STATIC" if all(_is_address(host) for host, _ in addresses) else "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": _assignment(_CLUSTER, addresses),
        "typed_extension_protocol_options": {
            options: {
                "@type": f"type.googleapis.com/{options}",
                "explicit_http_config": {"http2_protocol_options": keepalive},
            }
        },
    }


def _log_collector(where: tuple[str, int]) -> dict[str, Any]:
    # Envoy has no bound on what it holds back for a collector that takes nothing: it hangs up before that is much.
    patience = {
        "level": socket.IPPROTO_TCP,
        "name": socket.TCP_USER_TIMEOUT,
        "int_value": _UNREAD_MILLISECONDS,
        "state": "STATE_PREBIND",
    }
    return {
        "name": LOG_COLLECTOR,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": _assignment(LOG_COLLECTOR, [where]),
        "upstream_bind_config": {"socket_options": [patience]},
    }


def _assignment(cluster: str, addresses: Sequence[tuple[str, int]]) -> dict[str, Any]:
    endpoints = [{"endpoint": {"address": _address(host, port)}} for host, port in addresses]
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": endpoints}]}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def contained(role: Role) -> str:
    """The bootstrap of an Envoy in a container, which finds control planes by name."""
    document = bootstrap(
        role,
        None,
        ADMIN_PORT,
        [("control-plane", 18000)],
        stats_port=STATS_PORT,
        log_collector=("logstash", FORWARD_PORT),
    )
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(contained(cast(Role, sys.argv[1])))
