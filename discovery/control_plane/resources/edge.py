"""The public door: everything that comes from outside, and nothing of it believed."""

from collections.abc import Mapping

import orjson

from discovery.control_plane.policy import (
    MAX_REQUEST_BYTES,
    POLICIES,
    RATE_BURST,
    RATE_PER_SECOND,
    STREAM_IDLE_SECONDS,
)
from discovery.control_plane.resources import (
    EXTENSION,
    FROM_ADS,
    ROUTE,
    Message,
    Resources,
    extension,
    seconds,
    typed,
)
from discovery.control_plane.resources.connections import listener, protocol_options
from discovery.control_plane.resources.routes import NEVER_ACCEPTED, route
from discovery.control_plane.settings import Settings

TOKENS = "access-tokens"
"""The jwt_authn filter comes by ECDS under this name: a new key must not drain the listener's streams."""

_GATEWAY = "gateway"
_BUFFER = "request-buffer"
_JWT = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"

_STREAMS: Mapping[str, Message] = {
    "/orders/{id}/events": {"safe_regex": {"regex": "/api/v[0-9]+/orders/[^/]+/events"}},
    "/live": {"safe_regex": {"regex": "/api/v[0-9]+/live"}},
}
_REQUESTS: Mapping[str, Message] = {
    "/api": {"prefix": "/api/"},
    "/graphql": {"path": "/graphql"},
    "/openapi.json": {"path": "/openapi.json"},
    "/docs": {"path_separated_prefix": "/docs"},
    "/jwks": {"path": "/.well-known/jwks.json"},
    "/health": {"path": "/health"},
}

# x-portico-signature must pass, it is a payment provider's.
_OURS = "x-portico-(user|subject|caller|roles?|scopes?|identity|internal|service)(-.*)?"
_NOBODY = {"address_prefix": "255.255.255.255", "prefix_len": 32}
_TRACE_HEADERS = ("traceparent", "tracestate", "baggage")


def edge_listener(settings: Settings) -> Message:
    """HTTP/1.1 and HTTP/2 at the public address."""
    return listener(
        "edge",
        settings.edge_address,
        [_rate_limit(settings.rate_limit_scale), _tokens(), _buffer()],
        settings.otlp_endpoint,
        transport=_tls(settings),
        codec_type="AUTO",
        use_remote_address=True,
        # No caller is one of ours, wherever it connects from: x-envoy-* headers are for the inside.
        internal_address_config={"cidr_ranges": [_NOBODY]},
        early_header_mutation_extensions=[_forget_claims()],
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        request_headers_timeout="10s",
        request_timeout="30s",
        stream_idle_timeout="60s",
        common_http_protocol_options=protocol_options(idle_seconds=120),
        http2_protocol_options={"max_concurrent_streams": 128, "initial_stream_window_size": 65536},
        upgrade_configs=[{"upgrade_type": "websocket", "enabled": False}],
    )


def edge_routes() -> Message:
    """What the gateway serves to the public; every other path is 404 here."""
    host = {
        "name": "public",
        "domains": ["*"],
        "routes": [
            *(_stream(name, match) for name, match in _STREAMS.items()),
            *(_request(name, match) for name, match in _REQUESTS.items()),
        ],
    }
    return {
        "@type": ROUTE,
        "name": "edge",
        "virtual_hosts": [host],
        "response_headers_to_remove": ["x-envoy-upstream-service-time"],
    }


def access_tokens(jwks: str) -> Message:
    """The filter that refuses every token not signed by a key in `jwks`, a JSON document.

    No token at all passes: whether a caller is needed is the gateway's decision.
    """
    provider = {
        "issuer": "portico-auth",
        "audiences": ["portico"],
        "local_jwks": {"inline_string": jwks},
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "forward": True,
        "require_expiration": True,
        "clock_skew_seconds": 5,
        "jwt_cache_config": {"jwt_cache_size": 1000},
    }
    valid_or_none = {"requires_any": {"requirements": [{"provider_name": "portico"}, {"allow_missing": {}}]}}
    return {
        "@type": EXTENSION,
        "name": TOKENS,
        "typed_config": typed(
            _JWT,
            providers={"portico": provider},
            rules=[{"match": {"prefix": "/"}, "requires": valid_or_none}],
        ),
    }


def signing_keys(resources: Resources) -> frozenset[str]:
    """The kids of the keys in the filter that `access_tokens` has made; none where there is no such filter."""
    if (tokens := resources[EXTENSION].get(TOKENS)) is None:
        return frozenset()
    keys = tokens["typed_config"]["providers"]["portico"]["local_jwks"]["inline_string"]
    return frozenset(key["kid"] for key in orjson.loads(keys)["keys"])


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


def _tokens() -> Message:
    discovered = {"config_source": FROM_ADS, "type_urls": [typed(_JWT)["@type"]]}
    return {"name": TOKENS, "config_discovery": discovered}


def _request(name: str, match: Message) -> Message:
    return route(_GATEWAY, name, match, POLICIES[_GATEWAY], NEVER_ACCEPTED)


def _stream(name: str, match: Message) -> Message:
    bounded = _request(name, match)
    action = {
        **bounded["route"],
        "timeout": "0s",
        "idle_timeout": seconds(STREAM_IDLE_SECONDS),
        "priority": "HIGH",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "retry_policy": {**bounded["route"]["retry_policy"], "per_try_timeout": "0s"},
    }
    unbuffered = typed("envoy.extensions.filters.http.buffer.v3.BufferPerRoute", disabled=True)
    return {**bounded, "route": action, "typed_per_filter_config": {_BUFFER: unbuffered}}


def _forget_claims() -> Message:
    removals = [{"remove": name} for name in _TRACE_HEADERS]
    ours = {"remove_on_match": {"key_matcher": {"safe_regex": {"regex": _OURS}}}}
    return extension(
        "forget-claims",
        "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        mutations=[*removals, ours],
    )


def _rate_limit(scale: float) -> Message:
    always = {"default_value": {"numerator": 100}, "runtime_key": "portico.rate_limit"}
    return extension(
        "rate-limit",
        "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="edge",
        token_bucket={
            "max_tokens": max(1, round(RATE_BURST * scale)),
            "tokens_per_fill": max(1, round(RATE_PER_SECOND * scale)),
            "fill_interval": "1s",
        },
        filter_enabled=always,
        filter_enforced=always,
    )


def _buffer() -> Message:
    return extension(
        _BUFFER, "envoy.extensions.filters.http.buffer.v3.Buffer", max_request_bytes=MAX_REQUEST_BYTES
    )
