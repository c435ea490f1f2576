"""Refusals as RFC 9457 problem documents."""

from typing import Any

import orjson
from aiohttp import web

from observability import context
from services.chassis import errors

_STATUS: dict[type[errors.Refusal], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


def problem(refusal: errors.Refusal) -> web.Response:
    """The answer that says no: `type`, `title`, `status`, `detail`, `trace_id`, and `errors` where fields are wrong."""
    headers = {}
    members: dict[str, Any] = {}
    if isinstance(refusal, errors.Malformed) and refusal.errors:
        members["errors"] = [{"field": error.field, "message": error.message} for error in refusal.errors]
    if isinstance(refusal, errors.RetryLater):
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return render(status_of(refusal), refusal.slug, refusal.title, refusal.detail, headers, **members)


def status_of(refusal: errors.Refusal) -> int:
    """What HTTP calls it."""
    return next(_STATUS[category] for category in type(refusal).__mro__ if category in _STATUS)


def render(
    status: int, slug: str, title: str, detail: str, headers: dict[str, str] | None = None, **members: Any
) -> web.Response:
    """A problem document with the trace id under which operators find the whole story."""
    document = {
        "type": f"urn:portico:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "trace_id": context.trace_id(),
        **members,
    }
    return web.Response(
        body=orjson.dumps(document), status=status, headers=headers, content_type="application/problem+json"
    )
