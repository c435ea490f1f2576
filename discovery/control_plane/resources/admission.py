"""What a request has to pass before it is routed to the gateway. Each is a filter of the edge."""

from typing import Final

import orjson

from discovery.config.edge import Edge
from discovery.control_plane.policy import MAX_REQUEST_BYTES
from discovery.control_plane.resources import EXTENSION, FROM_ADS, Message, Resources, extension, typed

TOKENS: Final = "access-tokens"
RATE_LIMIT: Final = "rate-limit"
"""Filters that come by ECDS under these names: a new key or rate must not drain the listener's streams."""

_BUFFER: Final = "request-buffer"
_JWT: Final = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
_LOCAL_RATE_LIMIT: Final = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
_MOST_TOKENS: Final = 2**32 - 1

# x-portico-signature must pass, it is a payment provider's.
_OURS = "x-portico-(user|subject|caller|roles?|scopes?|identity|internal|service)(-.*)?"
_TRACE_HEADERS = ("traceparent", "tracestate", "baggage")
# What proxies and frameworks take for the truth about a request; nobody in front of us is trusted to tell it.
# By now Envoy has met the one expectation that there is.
_HEARSAY = (
    *("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"),
    *("x-forwarded-scheme", "x-forwarded-server", "x-real-ip", "x-client-ip", "true-client-ip"),
    *("x-original-url", "x-original-uri", "x-original-host", "x-rewrite-url", "x-host"),
    *("x-http-method", "x-http-method-override", "x-method-override", "proxy", "expect"),
)


def admission() -> list[Message]:
    """The filters, in their order. Whether the gateway is asked at all is decided before the body is taken in."""
    return [_discovered(RATE_LIMIT, _LOCAL_RATE_LIMIT), _discovered(TOKENS, _JWT), _buffer()]


def unbuffered() -> Message:
    """What a route says to the filters when its body is not to be waited for."""
    return {_BUFFER: typed("envoy.extensions.filters.http.buffer.v3.BufferPerRoute", disabled=True)}


def forget_claims() -> Message:
    """What is taken off a request before anybody looks at it."""
    removals = [{"remove": name} for name in (*_TRACE_HEADERS, *_HEARSAY)]
    ours = {"remove_on_match": {"key_matcher": {"safe_regex": {"regex": _OURS}}}}
    envoys = {"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}}
    return extension(
        "forget-claims",
        "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        mutations=[*removals, ours, envoys],
    )


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


def rate_limit(edge: Edge, scale: float) -> Message:
    """The filter that takes so many requests a second, whoever sends them."""
    always = {"default_value": {"numerator": 100}, "runtime_key": "portico.rate_limit"}
    return {
        "@type": EXTENSION,
        "name": RATE_LIMIT,
        "typed_config": typed(
            _LOCAL_RATE_LIMIT,
            stat_prefix="edge",
            token_bucket={
                "max_tokens": _tokens(edge.rate_burst * scale),
                "tokens_per_fill": _tokens(edge.rate_per_second * scale),
                "fill_interval": "1s",
            },
            filter_enabled=always,
            filter_enforced=always,
        ),
    }


def _tokens(number: float) -> int:
    return min(max(1, round(number)), _MOST_TOKENS)


def _discovered(name: str, type_name: str) -> Message:
    return {
        "name": name,
        "config_discovery": {"config_source": FROM_ADS, "type_urls": [typed(type_name)["@type"]]},
    }


def _buffer() -> Message:
    return extension(
        _BUFFER, "envoy.extensions.filters.http.buffer.v3.Buffer", max_request_bytes=MAX_REQUEST_BYTES
    )
