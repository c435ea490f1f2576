"""Spans to store and to look for, and to be sent."""

from itertools import count
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from observability.collector.rows import SpanRow

_NUMBERS = count(1)


def span(
    trace: int = 1, *, parent: str = "", duration: int = 1_000, error: bool = False, **more: Any
) -> SpanRow:
    """A span of 1 ms of the order service, made different by what is given."""
    fields: dict[str, Any] = {
        "trace_id": f"{trace:032x}",
        "span_id": f"{next(_NUMBERS):016x}",
        "parent_id": parent,
        "service": "order",
        "operation": "POST /orders",
        "start": trace * 1_000_000,
        "details": {"kind": "server", "tags": {}},
    }
    return SpanRow(**{**fields, "duration": duration, "error": error, **more})


def export(**fields: Any) -> ExportTraceServiceRequest:
    """An export of one span of the order service."""
    sent = ExportTraceServiceRequest()
    resource = sent.resource_spans.add()
    resource.resource.attributes.append(text("service.name", "order"))
    resource.resource.attributes.append(text("service.instance.id", "order-1"))
    given = {
        "trace_id": b"t" * 16,
        "span_id": b"s" * 8,
        "name": "POST /orders",
        "kind": Span.SPAN_KIND_SERVER,
    }
    resource.scope_spans.add().spans.append(Span(**{**given, **fields}))
    return sent


def text(key: str, value: str) -> KeyValue:
    """An attribute."""
    return KeyValue(key=key, value=AnyValue(string_value=value))
