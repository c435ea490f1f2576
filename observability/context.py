"""The identity of the work in hand: a correlation id and a W3C trace context.

Both exist for every request, message and background task, also when OpenTelemetry is off.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeGuard
from uuid import uuid4

from opentelemetry import trace

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class RequestContext:
    """`correlation_id`: up to 128 of [A-Za-z0-9._-]; `traceparent`: a whole W3C header value, version 00."""

    correlation_id: str
    traceparent: str


def new_context(correlation_id: str | None, traceparent: str | None) -> RequestContext:
    """Keep what is well formed of a caller's two headers, and make afresh what is not."""
    return RequestContext(
        correlation_id if _matches(correlation_id, _CORRELATION_ID) else str(uuid4()),
        traceparent if _matches(traceparent, _TRACEPARENT) else _fresh_traceparent(),
    )


def _matches(value: str | None, pattern: re.Pattern[str]) -> TypeGuard[str]:
    return value is not None and pattern.fullmatch(value) is not None


def _fresh_traceparent() -> str:
    # Sampled: whoever traces further down is not kept from it because nobody did up here.
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


_bound: ContextVar[RequestContext] = ContextVar("request_context", default=new_context(None, None))  # noqa: B039


def current() -> RequestContext:
    """The bound context; outside of any, the one that the process got when it started."""
    return _bound.get()


@contextmanager
def bind(context: RequestContext) -> Iterator[RequestContext]:
    """Make `context` the current one of this task, and of the tasks it starts, while inside."""
    token = _bound.set(context)
    try:
        yield context
    finally:
        _bound.reset(token)


def traceparent() -> str:
    """The W3C header value to send on: of the current OpenTelemetry span, else of the bound context."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return current().traceparent
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def trace_id() -> str:
    """The 32 hex digits by which this work is found in traces and logs."""
    return traceparent()[3:35]
