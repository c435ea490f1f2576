"""The public door: everything that comes from outside, and nothing of it believed."""

from collections.abc import Mapping, Sequence

from discovery.config.traffic import Policy
from discovery.control_plane.policy import GATEWAY, STREAM_IDLE_SECONDS
from discovery.control_plane.resources import ROUTE, Message, extension, seconds
from discovery.control_plane.resources.admission import admission, forget_claims, unbuffered
from discovery.control_plane.resources.browsers import (
    CORS,
    METHODS,
    cors,
    cors_policy,
    protected,
    protection,
)
from discovery.control_plane.resources.connections import listener, protocol_options
from discovery.control_plane.resources.replies import local_replies
from discovery.control_plane.resources.routes import NEVER_ACCEPTED, method_in, route
from discovery.control_plane.settings import Settings

_STREAMS: Mapping[str, str] = {
    "/orders/{id}/events": "/api/v[0-9]+/orders/[^/]+/events",
    "/live": "/api/v[0-9]+/live",
}
_REQUESTS: Mapping[str, Message] = {
    "/api": {"prefix": "/api/"},
    "/graphql": {"path": "/graphql"},
    "/openapi.json": {"path": "/openapi.json"},
    "/docs": {"path_separated_prefix": "/docs"},
    "/jwks": {"path": "/.well-known/jwks.json"},
    "/health": {"path": "/health"},
}

_VARY = {"header": {"key": "vary", "value": "origin"}, "append_action": "APPEND_IF_EXISTS_OR_ADD"}
_NOBODY = {"address_prefix": "255.255.255.255", "prefix_len": 32}


def edge_listener(settings: Settings) -> Message:
    """HTTP/1.1 and HTTP/2 at the public address."""
    transport = _tls(settings)
    tls = transport is not None
    return listener(
        "edge",
        settings.edge_address,
        [protected(tls=tls), cors(), *admission()],
        settings,
        transport=transport,
        local_reply_config=local_replies(protection(tls=tls)),
        codec_type="AUTO",
        use_remote_address=True,
        # No caller is one of ours, wherever it connects from: x-envoy-* headers are for the inside.
        internal_address_config={"cidr_ranges": [_NOBODY]},
        early_header_mutation_extensions=[forget_claims()],
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        request_headers_timeout=seconds(settings.edge_header_seconds),
        request_timeout=seconds(settings.edge_request_seconds),
        stream_idle_timeout="60s",
        common_http_protocol_options=protocol_options(idle_seconds=120),
        http2_protocol_options={
            "max_concurrent_streams": 128,
            "initial_stream_window_size": 64 * 1024,
            "initial_connection_window_size": 1024 * 1024,
        },
        upgrade_configs=[{"upgrade_type": "websocket", "enabled": False}],
    )


def edge_routes(gateway: Policy, origins: Sequence[str]) -> Message:
    """What the gateway serves to the public, also to pages of `origins`; every other path is 404 here."""
    host = {
        "name": "public",
        "domains": ["*"],
        "routes": [
            *_refusals(),
            *(_stream(name, pattern, gateway) for name, pattern in _STREAMS.items()),
            *(_request(name, match, gateway) for name, match in _REQUESTS.items()),
        ],
        "typed_per_filter_config": {CORS: cors_policy(origins)},
        # Whoever keeps an answer for one site's page must not give it to another's.
        "response_headers_to_add": [_VARY] if origins else [],
    }
    return {"@type": ROUTE, "name": "edge", "virtual_hosts": [host]}


def _tls(settings: Settings) -> Message | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    certificate = {
        "certificate_chain": {"filename": str(settings.tls_certificate)},
        "private_key": {"filename": str(settings.tls_key)},
    }
    return extension(
        "tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={"tls_certificates": [certificate], "alpn_protocols": ["h2", "http/1.1"]},
    )


def _refusals() -> list[Message]:
    """Requests that are well-formed, and about which nobody behind the edge is to be asked."""
    return [
        _refusal("connect", {"connect_matcher": {}}, 405),
        _refusal("other-method", _with({**method_in(METHODS), "invert_match": True}), 405),
        # Which of two is meant, and whether what precedes an @ is, two readers may answer differently.
        _refusal("two-hosts", _with({"name": ":authority", "string_match": _regex(".*[,@].*")}), 400),
    ]


def _refusal(name: str, match: Message, status: int) -> Message:
    response = {"status": status}
    return {
        "name": name,
        "match": match,
        "direct_response": response,
        "typed_per_filter_config": unbuffered(),
    }


def _with(header: Message) -> Message:
    return {"prefix": "/", "headers": [header]}


def _regex(pattern: str) -> Message:
    return {"safe_regex": {"regex": pattern}}


def _request(name: str, match: Message, gateway: Policy) -> Message:
    return route(GATEWAY, name, match, gateway, NEVER_ACCEPTED)


def _stream(name: str, pattern: str, gateway: Policy) -> Message:
    match = {**_regex(pattern), "headers": [method_in(["GET"])]}
    bounded = _request(name, match, gateway)
    action = {
        **bounded["route"],
        "timeout": "0s",
        "idle_timeout": seconds(STREAM_IDLE_SECONDS),
        "priority": "HIGH",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "retry_policy": {**bounded["route"]["retry_policy"], "per_try_timeout": "0s"},
    }
    return {**bounded, "route": action, "typed_per_filter_config": unbuffered()}
