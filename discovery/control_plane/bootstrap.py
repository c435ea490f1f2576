"""What an Envoy has to know before it can ask: who it is, and where the control planes are."""

from collections.abc import Sequence
from typing import Any

from discovery.control_plane.policy import Role

_CLUSTER = "control-plane"


def bootstrap(
    role: Role, node_id: str, admin_port: int, control_planes: Sequence[tuple[str, int]]
) -> dict[str, Any]:
    """An Envoy's bootstrap configuration, to be written as JSON.

    `control_planes` are (host, port) of their gRPC side, any of which will do. The admin interface listens on
    127.0.0.1 only.
    """
    return {
        "node": {"id": node_id, "cluster": role},
        "admin": {"address": _address("127.0.0.1", admin_port)},
        "dynamic_resources": {
            "ads_config": _ads(),
            "cds_config": {"ads": {}, "resource_api_version": "V3"},
            "lds_config": {"ads": {}, "resource_api_version": "V3"},
        },
        "static_resources": {"clusters": [_control_planes(control_planes)]},
    }


def _ads() -> dict[str, Any]:
    # Without a back-off of its own Envoy takes up to 19 s to find a control plane that has come back.
    back_off = {"base_interval": "0.1s", "max_interval": "1s"}
    grpc = {"cluster_name": _CLUSTER, "retry_policy": {"retry_back_off": back_off}}
    return {"api_type": "DELTA_GRPC", "transport_api_version": "V3", "grpc_services": [{"envoy_grpc": grpc}]}


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
