"""What browsers are told: what they may do with an answer, and pages of which other sites may ask."""

from collections.abc import Sequence
from typing import Final

from discovery.config.edge import pattern
from discovery.control_plane.resources import Message, add_header, extension, typed

CORS: Final = "cors"
"""The filter by this name comes before all that refuses, so that a page may read why it was refused."""

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What may be done here at all."""

_FILTER = "envoy.extensions.filters.http.cors.v3"
_SENT = (
    *("authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id"),
    "x-correlation-id",
)
_READ = (
    *("allow", "cache-status", "deprecation", "etag", "link", "location", "retry-after", "sunset"),
    *("ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
    *("traceparent", "www-authenticate", "x-correlation-id"),
)
_REMEMBERED_SECONDS = 600

_PROTECTION: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # These two are for documents; a page of the gateway's own says what it needs itself.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    # About what a page embeds without asking by CORS; a page that may ask is not hindered.
    "cross-origin-resource-policy": "same-origin",
    # What may be kept says so itself.
    "cache-control": "no-store",
}
_TLS_ONLY: Final = {"strict-transport-security": "max-age=31536000"}


def protection(*, tls: bool) -> list[Message]:
    """The headers of every answer that leaves the edge, where the gateway has not set them."""
    headers = _PROTECTION | (_TLS_ONLY if tls else {})
    return [add_header(name, value) for name, value in headers.items()]


def protected(*, tls: bool) -> Message:
    """The filter that adds them, and keeps what Envoy says of the inside to ourselves."""
    inside = {"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}}
    added = [{"append": header} for header in protection(tls=tls)]
    return extension(
        "protected",
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        mutations={"response_mutations": [inside, *added]},
    )


def cors() -> Message:
    """The filter that answers preflights and marks answers, by the policy of the virtual host."""
    return extension(CORS, f"{_FILTER}.Cors")


def cors_policy(origins: Sequence[str]) -> Message:
    """The policy for pages of these origins (`https://shop.example.com`, `https://*.example.com`, `*`).

    There are no credentials that a browser would send by itself: tokens are in headers. A preflight of anybody else is
    answered here too, without leave.
    """
    return typed(
        f"{_FILTER}.CorsPolicy",
        allow_origin_string_match=[_matching(origin) for origin in origins],
        allow_methods=", ".join(METHODS),
        allow_headers=", ".join(_SENT),
        expose_headers=", ".join(_READ),
        max_age=str(_REMEMBERED_SECONDS),
        forward_not_matching_preflights=False,
    )


def _matching(origin: str) -> Message:
    return {"safe_regex": {"regex": pattern(origin)}} if "*" in origin else {"exact": origin}
