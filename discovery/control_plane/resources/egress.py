"""The way from one process to another: `http://order/…`, one virtual host a service."""

from discovery.control_plane.policy import POLICIES, services
from discovery.control_plane.resources import ROUTE, Message
from discovery.control_plane.resources.connections import listener, protocol_options
from discovery.control_plane.resources.routes import IDEMPOTENT, SAFE, method_in, route
from discovery.control_plane.settings import Settings

_IDEMPOTENT_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
_LOOPBACK = {"address_prefix": "127.0.0.0", "prefix_len": 8}


def egress_listener(settings: Settings) -> Message:
    """A Unix socket or a loopback address. Its clients are ours, so it heeds the deadlines they send."""
    return listener(
        "egress",
        settings.egress_address,
        [],
        settings.otlp_endpoint,
        codec_type="AUTO",
        internal_address_config={"unix_sockets": True, "cidr_ranges": [_LOOPBACK]},
        use_remote_address=True,
        skip_xff_append=True,
        strip_any_host_port=True,
        stream_idle_timeout="60s",
        common_http_protocol_options=protocol_options(idle_seconds=600),
    )


def egress_routes() -> Message:
    """One virtual host for each service, by its name."""
    return {
        "@type": ROUTE,
        "name": "egress",
        "virtual_hosts": [_virtual_host(service) for service in services("egress")],
    }


def _virtual_host(service: str) -> Message:
    policy = POLICIES[service]
    return {
        "name": service,
        "domains": [service],
        "routes": [
            route(service, service, match, policy, retry_on)
            for match, retry_on in (
                ({"prefix": "/", "headers": [method_in(_IDEMPOTENT_METHODS)]}, IDEMPOTENT),
                # Whoever sends the key gets the first answer again, however often it is sent.
                (
                    {"prefix": "/", "headers": [{"name": "idempotency-key", "present_match": True}]},
                    IDEMPOTENT,
                ),
                ({"prefix": "/"}, SAFE),
            )
        ],
    }
