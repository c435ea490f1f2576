"""OpenTelemetry traces when OTEL_EXPORTER_OTLP_ENDPOINT names a collector; otherwise the SDK isn't loaded."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, get_current_span, get_tracer

if TYPE_CHECKING:
    from aiohttp.typedefs import Middleware


def configure_tracing(service: str, instance: str, version: str) -> Callable[[], None]:
    """Trace this process' aiohttp clients, MongoDB and Redis from here on: call it before any is made.

    Returns what sends the remaining spans and stops. It blocks for a few seconds at most.
    """
    if not enabled():
        return lambda: None
    from observability.otlp import install

    return install(service, instance, version)


def server_middleware(traces_per_second: float | None = None) -> "Middleware | None":
    """The outermost middleware, which makes a span of each request named by its route; None when off.

    So many a second are gone on with at most, all of those that the caller has chosen without a number.
    """
    if not enabled():
        return None
    from observability.otlp import make_server_middleware

    return make_server_middleware(traces_per_second)


def calling(call: str) -> AbstractContextManager[Span]:
    """A span of one call to another process, current inside, for what no instrumentation knows of.

    Inside of what is not recorded it is no span of its own.
    """
    around = get_current_span()
    if not enabled() or (around.get_span_context().is_valid and not around.is_recording()):
        return nullcontext(INVALID_SPAN)
    return get_tracer(__name__).start_as_current_span(call, kind=SpanKind.CLIENT)


def untraced() -> AbstractContextManager[None]:
    """What is called inside leaves no spans: for what is done for many at once, and says nothing about any of them."""
    if not enabled():
        return nullcontext()
    from opentelemetry.instrumentation.utils import suppress_instrumentation

    return suppress_instrumentation()


def enabled() -> bool:
    """Whether this process traces at all."""
    return bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
