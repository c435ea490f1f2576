"""The OpenTelemetry SDK wired up: OTLP over HTTP, bounded queues, no data of a request but its shape."""

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor, create_aiohttp_middleware
from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pymongo.monitoring import CommandFailedEvent
from yarl import URL

from observability.sampling import Budget, Chosen

_EXPORT_SECONDS = 2.0
_QUEUED_SPANS = 4_096
_BATCH_SPANS = 64
"""To encode so many takes 20 ms, in which requests stand still."""
_BATCH_MILLISECONDS = 2_000
_MAX_ATTRIBUTE = 1_024

_BURST_SECONDS = 5.0
_PROBES = re.compile("/(livez|readyz|servingz|health|metrics)")
# Probes and watches say nothing about a request, and a blocking query's span lasts a minute.
_UNTRACED = {
    "OTEL_PYTHON_AIOHTTP_CLIENT_EXCLUDED_URLS": "/v1/(agent|catalog|health|kv|session|status)/",
}


class _WithoutQueries(SpanProcessor):
    """Cuts queries off the server's URL attributes: they may hold one-use tickets and what people search."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for name in ("http.target", "http.url"):
            value = (span.attributes or {}).get(name)
            if isinstance(value, str) and "?" in value:
                span.set_attribute(name, value.partition("?")[0])


def install(service: str, instance: str, version: str) -> Callable[[], None]:
    """Make the tracer provider and instrument the clients. Returns its shutdown.

    What is recorded is decided at the edge.
    """
    resource = {"service.name": service, "service.instance.id": instance, "service.version": version}
    provider = TracerProvider(
        sampler=Chosen(),
        resource=Resource.create(resource),
        span_limits=SpanLimits(max_attribute_length=_MAX_ATTRIBUTE),
    )
    provider.add_span_processor(_WithoutQueries())
    provider.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(timeout=_EXPORT_SECONDS),
            max_queue_size=_QUEUED_SPANS,
            max_export_batch_size=_BATCH_SPANS,
            schedule_delay_millis=_BATCH_MILLISECONDS,
        )
    )
    trace.set_tracer_provider(provider)
    # That a text was cut is no news: it is cut on purpose.
    logging.getLogger("opentelemetry.attributes").setLevel(logging.ERROR)
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    _instrument_clients()
    return provider.shutdown


def make_server_middleware(traces_per_second: float | None) -> Middleware:
    """A span for each request that the caller has chosen, as long as there are not too many of them.

    The others pass without a trace, and nothing that is done for them is instrumented: that would cost almost as much.
    """
    instrumented = _instrumented()
    budget = None
    if traces_per_second:
        budget = Budget(traces_per_second, max(1.0, traces_per_second * _BURST_SECONDS))

    @web.middleware
    async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _PROBES.fullmatch(request.path):
            return await handler(request)
        parent = trace.get_current_span(propagate.extract(request.headers, Context())).get_span_context()
        chosen = parent.trace_flags.sampled or not parent.is_valid
        if chosen and (budget is None or budget.take()):
            return await instrumented(request, handler)
        with _unrecorded(parent):
            return await handler(request)

    return traced


@contextmanager
def _unrecorded(parent: SpanContext) -> Iterator[None]:
    """What is done inside belongs to the caller's trace, of which nobody from here on records anything."""
    here = SpanContext(parent.trace_id, parent.span_id, is_remote=False, trace_state=parent.trace_state)
    with trace.use_span(NonRecordingSpan(here)), suppress_instrumentation():
        yield


def _instrumented() -> Middleware:
    """The instrumentation's middleware by itself: `web.Application` is put back as it was."""
    _leave_untraced()
    instrumentor = AioHttpServerInstrumentor()
    instrumentor.instrument()
    instrumentor.uninstrument()
    return cast(Middleware, create_aiohttp_middleware())


def _instrument_clients() -> None:
    _leave_untraced()
    AioHttpClientInstrumentor().instrument(url_filter=_without_query)
    PymongoInstrumentor().instrument(capture_statement=False, failed_hook=_without_message)
    RedisInstrumentor().instrument()


def _without_message(span: Span, event: CommandFailedEvent) -> None:
    """MongoDB's own words may quote what was to be stored, such as the e-mail that is there already."""
    span.set_status(Status(StatusCode.ERROR, str(event.failure.get("codeName", "failed"))))


def _leave_untraced() -> None:
    for name, pattern in _UNTRACED.items():
        os.environ.setdefault(name, pattern)


def _without_query(url: URL) -> str:
    return str(url.with_query(None))
