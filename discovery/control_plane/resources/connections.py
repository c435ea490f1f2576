"""What both listeners have in common: limits, filters and the HTTP connection manager."""

from typing import Any

from discovery.control_plane.policy import MAX_HEADER_KIB, MAX_HEADERS, Role
from discovery.control_plane.resources import FROM_ADS, LISTENER, Message, address, extension, seconds, typed
from discovery.control_plane.resources.telemetry import access_logs, identified, tracing
from discovery.control_plane.settings import Settings

_HANDSHAKE = "10s"
_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def listener(
    role: Role,
    where: str,
    filters: list[Message],
    settings: Settings,
    *,
    transport: Message | None = None,
    **manager: Any,
) -> Message:
    """The listener of a role at `where`, routed by the RDS resource of the role's name.

    `filters` come before the router, `transport` is its TLS if it has any; `manager` holds the connection
    manager's fields that are the role's own.
    """
    router = extension(
        "router", "envoy.extensions.filters.http.router.v3.Router", respect_expected_rq_timeout=True
    )
    connections = typed(
        _MANAGER,
        stat_prefix=role,
        rds={"config_source": FROM_ADS, "route_config_name": role},
        http_filters=[identified(), *filters, router],
        server_name="portico",
        max_request_headers_kb=MAX_HEADER_KIB,
        access_log=access_logs(role, settings),
        tracing=tracing(role, settings),
        **manager,
    )
    tls = {"transport_socket": transport, "transport_socket_connect_timeout": _HANDSHAKE} if transport else {}
    return {
        "@type": LISTENER,
        "name": role,
        "address": address(where),
        # With it a second Envoy at this address would silently take half of the connections.
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": 64 * 1024,
        "filter_chains": [{"filters": [{"name": "http", "typed_config": connections}], **tls}],
    }


def protocol_options(idle_seconds: float) -> Message:
    """Limits on a client's connection and headers."""
    return {
        "idle_timeout": seconds(idle_seconds),
        "max_headers_count": MAX_HEADERS,
        "headers_with_underscores_action": "REJECT_REQUEST",
    }
