"""The OpenTelemetry SDK wired up: OTLP over HTTP, bounded queues, no data of a request but its shape."""

import logging
import os
from collections.abc import Callable
from typing import cast

from aiohttp.typedefs import Middleware
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor, create_aiohttp_middleware
from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pymongo.monitoring import CommandFailedEvent
from yarl import URL

from observability.sampling import Budget, Chosen

_EXPORT_SECONDS = 2.0
_QUEUED_SPANS = 4_096
_BATCH_SPANS = 512
_BATCH_MILLISECONDS = 1_000
_MAX_ATTRIBUTE = 1_024

# Probes and watches say nothing about a request, and a blocking query's span lasts a minute.
_UNTRACED = {
    "OTEL_PYTHON_AIOHTTP_SERVER_EXCLUDED_URLS": "^/(livez|readyz|servingz|health|metrics)$",
    "OTEL_PYTHON_AIOHTTP_CLIENT_EXCLUDED_URLS": "/v1/(agent|catalog|health|kv|session|status)/",
}


class _WithoutQueries(SpanProcessor):
    """Cuts queries off the server's URL attributes: they may hold one-use tickets and what people search."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for name in ("http.target", "http.url"):
            value = (span.attributes or {}).get(name)
            if isinstance(value, str) and "?" in value:
                span.set_attribute(name, value.partition("?")[0])


def install(service: str, instance: str, version: str, traces_per_second: float | None) -> Callable[[], None]:
    """Make the tracer provider and instrument the clients. Returns its shutdown.

    What is recorded is decided at the edge; above `traces_per_second` it is not gone on with.
    """
    resource = {"service.name": service, "service.instance.id": instance, "service.version": version}
    provider = TracerProvider(
        sampler=Chosen(Budget(traces_per_second) if traces_per_second else None),
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


def make_server_middleware() -> Middleware:
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
