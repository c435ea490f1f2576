"""Envoy's own answers as RFC 9457 problem documents, with the slugs and titles the services use."""

from collections.abc import Iterable

from discovery.control_plane.resources import Message, set_header

_PROBLEMS = (
    (400, "malformed", "The request cannot be understood", "It is not well-formed HTTP."),
    (
        401,
        "unauthenticated",
        "A valid access token is needed",
        "The access token is malformed, expired or forged.",
    ),
    (403, "forbidden", "Your role does not allow this", "The access token was issued for another audience."),
    (404, "not-found", "There is no such thing", "Nothing is served at this address."),
    (408, "request-timeout", "The request took too long to arrive", "It was not complete in time."),
    (413, "too-large", "The body is too large", "At most 1 MiB is taken."),
    (426, "upgrade-required", "Another protocol is needed", "This version of HTTP is not served."),
    (429, "too-many-requests", "Too many requests", "The platform takes no more at this moment."),
    (431, "headers-too-large", "The headers are too large", "Send fewer or shorter headers."),
    (502, "bad-gateway", "Temporarily unavailable", "The service gave no usable answer."),
    (503, "unavailable", "Temporarily unavailable", "The service cannot be reached at this moment."),
    (504, "deadline-exceeded", "It took too long", "The service did not answer in time."),
)
_RETRY_AFTER_STATUSES = {429, 502, 503, 504}
_OTHER = ("about:blank", "The request failed", "No more is known.")


def local_replies() -> Message:
    """`local_reply_config`: a document for each status Envoy may answer by itself, and one for any other."""
    return {
        "mappers": [_mapper(status, slug, title, detail) for status, slug, title, detail in _PROBLEMS],
        "body_format": _document(*_OTHER),
    }


def _mapper(status: int, slug: str, title: str, detail: str) -> Message:
    return {
        "filter": {"status_code_filter": {"comparison": _equals(status)}},
        "body_format_override": _document(f"urn:portico:problem:{slug}", title, detail),
        "headers_to_add": list(_headers(status)),
    }


def _equals(status: int) -> Message:
    return {"op": "EQ", "value": {"default_value": status, "runtime_key": f"portico.local_reply.{status}"}}


def _document(type_: str, title: str, detail: str) -> Message:
    return {
        "content_type": "application/problem+json",
        "json_format": {
            "type": type_,
            "title": title,
            "status": "%RESPONSE_CODE%",
            "detail": detail,
            "trace_id": "%REQ(X-TRACE-ID)%",
        },
    }


def _headers(status: int) -> Iterable[Message]:
    # A request too broken to have one gets one; an empty value sets nothing.
    yield set_header("x-correlation-id", "%UNIQUE_ID%")
    yield set_header("x-correlation-id", "%REQ(X-CORRELATION-ID)%")
    if status == 401:
        yield set_header("www-authenticate", 'Bearer error="invalid_token"')
    if status in _RETRY_AFTER_STATUSES:
        yield set_header("retry-after", "1")
