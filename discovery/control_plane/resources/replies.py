"""Envoy's own answers as RFC 9457 problem documents, with the slugs and titles the services use."""

from collections.abc import Iterable, Sequence

from discovery.control_plane.resources import Message, set_header
from discovery.control_plane.resources.browsers import METHODS

_MALFORMED = ("malformed", "The request cannot be understood", "It is not well-formed HTTP.")
_PROBLEMS = (
    (400, *_MALFORMED),
    (
        401,
        "unauthenticated",
        "A valid access token is needed",
        "The access token is malformed, expired or forged.",
    ),
    (
        403,
        "forbidden",
        "Your role does not allow this",
        "The access token was issued for another audience, or the protocol asked for is not spoken here.",
    ),
    (404, "not-found", "There is no such thing", "Nothing is served at this address."),
    (405, "method-not-allowed", "The method is not allowed", f"Use one of {', '.join(METHODS)}."),
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


def local_replies(headers: Sequence[Message] = ()) -> Message:
    """`local_reply_config`: a document for each status Envoy may answer by itself, and one for any other.

    `headers` are added to all of them.
    """
    # Envoy calls a transfer coding unknown to it 501; it is still the request that is wrong.
    not_implemented = {**_mapper(501, *_MALFORMED, headers), "status_code": 400}
    return {
        "mappers": [
            *(_mapper(*problem, headers) for problem in _PROBLEMS),
            not_implemented,
            {
                "filter": _status("GE", 100),
                "body_format_override": _document(*_OTHER),
                "headers_to_add": [*_correlation(), *headers],
            },
        ]
    }


def _mapper(status: int, slug: str, title: str, detail: str, headers: Sequence[Message]) -> Message:
    return {
        "filter": _status("EQ", status),
        "body_format_override": _document(f"urn:portico:problem:{slug}", title, detail),
        "headers_to_add": [*_correlation(), *_explanation(status), *headers],
    }


def _status(comparison: str, status: int) -> Message:
    value = {"default_value": status, "runtime_key": f"portico.local_reply.{status}"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}


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


def _correlation() -> Iterable[Message]:
    # A request too broken to have one gets one; an empty value sets nothing.
    yield set_header("x-correlation-id", "%UNIQUE_ID%")
    yield set_header("x-correlation-id", "%REQ(X-CORRELATION-ID)%")


def _explanation(status: int) -> Iterable[Message]:
    if status == 401:
        yield set_header("www-authenticate", 'Bearer error="invalid_token"')
    if status == 405:
        yield set_header("allow", ", ".join(METHODS))
    if status in _RETRY_AFTER_STATUSES:
        yield set_header("retry-after", "1")
