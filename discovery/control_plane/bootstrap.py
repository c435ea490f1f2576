"""What an Envoy has to know before it can ask: who it is, and where the control planes are."""

from collections.abc import Sequence
from typing import Any

from discovery.control_plane.policy import MAX_CONNECTIONS, MAX_HEAP_BYTES, Role

_CLUSTER = "control-plane"
_MONITOR = "type.googleapis.com/envoy.extensions.resource_monitors"
_HEAP = "envoy.resource_monitors.fixed_heap"
_CONNECTIONS = "envoy.resource_monitors.global_downstream_max_connections"


def bootstrap(
    role: Role,
    node_id: str,
    admin_port: int,
    control_planes: Sequence[tuple[str, int]],
    *,
    heap_bytes: int = MAX_HEAP_BYTES,
    connections: int = MAX_CONNECTIONS,
) -> dict[str, Any]:
    """An Envoy's bootstrap configuration, to be written as JSON.

    `control_planes` are (host, port) of their gRPC side, any of which will do. The admin interface listens on
    127.0.0.1 only. With a heap of almost `heap_bytes` it answers every request with 503; of more than `connections`
    clients it closes the connection.
    """
    return {
        "node": {"id": node_id, "cluster": role},
        "admin": {"address": _address("127.0.0.1", admin_port), "ignore_global_conn_limit": True},
        "dynamic_resources": {
            "ads_config": _ads(),
            "cds_config": {"ads": {}, "resource_api_version": "V3"},
            "lds_config": {"ads": {}, "resource_api_version": "V3"},
        },
        "static_resources": {"clusters": [_control_planes(control_planes)]},
        "overload_manager": _overload(heap_bytes, connections),
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


def _control_planes(addresses: Sequence[tuple[str, int]]) -> dict[str, Any]:
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    keepalive = {"connection_keepalive": {"interval": "10s", "timeout": "5s"}}
    endpoints = [{"endpoint": {"address": _address(host, port)}} for host, port in addresses]
    return {
        "name": _CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": _CLUSTER, "endpoints": [{"lb_endpoints": endpoints}]},
        "typed_extension_protocol_options": {
            options: {
                "@type": f"type.googleapis.com/{options}",
                "explicit_http_config": {"http2_protocol_options": keepalive},
            }
        },
    }


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}
