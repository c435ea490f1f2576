"""The way from one process to another: `http://order/…`, one virtual host a service."""

from collections.abc import Mapping

from discovery.config.traffic import Policy
from discovery.control_plane.resources import ROUTE, Message, seconds
from discovery.control_plane.resources.connections import listener, protocol_options
from discovery.control_plane.resources.replies import local_replies
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
        settings,
        local_reply_config=local_replies(),
        codec_type="AUTO",
        internal_address_config={"unix_sockets": True, "cidr_ranges": [_LOOPBACK]},
        use_remote_address=True,
        skip_xff_append=True,
        strip_any_host_port=True,
        stream_idle_timeout="60s",
        common_http_protocol_options=protocol_options(idle_seconds=600),
    )


def egress_routes(policies: Mapping[str, Policy]) -> Message:
    """One virtual host for each service, by its name. Answers tell in how many attempts they were had."""
    return {
        "@type": ROUTE,
        "name": "egress",
        "virtual_hosts": [_virtual_host(service, policy) for service, policy in policies.items()],
    }


def _virtual_host(service: str, policy: Policy) -> Message:
    return {
        "name": service,
        "domains": [service],
        "include_attempt_count_in_response": True,
        "routes": [
            _call(service, match, policy, retry_on)
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


def _call(service: str, match: Message, policy: Policy, retry_on: str) -> Message:
    # A caller's deadline takes the place of a route's time-out; how long the call lasts at most it cannot change.
    called = route(service, service, match, policy, retry_on)
    longest = {"max_stream_duration": seconds(policy.timeout)}
    return {**called, "route": {**called["route"], "max_stream_duration": longest}}
