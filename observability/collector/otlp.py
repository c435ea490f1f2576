"""Spans out of an OTLP export request."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from observability.collector.rows import SpanRow

MAX_TAGS = 64
MAX_EVENTS = 32
MAX_LINKS = 128
MAX_TEXT = 1_024

_KINDS: Final = dict(enumerate(("unspecified", "internal", "server", "client", "producer", "consumer")))
_PLACES: Final = ("http.target", "url.path", "http.url", "url.full", "portico.aggregate")
"""Attributes that say what a span is about."""
_ID: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def span_count(request: ExportTraceServiceRequest) -> int:
    """How many spans a request holds."""
    return sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)


def span_rows(request: ExportTraceServiceRequest) -> Iterator[SpanRow]:
    """Every well-formed span of a request; one without ids of the right length is left out."""
    for resource in request.resource_spans:
        process = _tags(resource.resource.attributes)
        service = str(process.get("service.name", "unknown"))[:MAX_TEXT]
        instance = str(process.get("service.instance.id", ""))[:MAX_TEXT]
        for scope in resource.scope_spans:
            for span in scope.spans:
                if len(span.trace_id) == 16 and len(span.span_id) == 8:
                    yield _row(span, service, instance)


def _row(span: Span, service: str, instance: str) -> SpanRow:
    tags = _tags(span.attributes)
    details: dict[str, Any] = {"kind": _KINDS.get(span.kind, _KINDS[0]), "tags": tags}
    if instance:
        details["instance"] = instance
    if span.status.message:
        details["status"] = span.status.message[:MAX_TEXT]
    if span.events:
        details["events"] = [
            {
                "at": event.time_unix_nano // 1000,
                "name": event.name[:MAX_TEXT],
                "tags": _tags(event.attributes),
            }
            for event in span.events[:MAX_EVENTS]
        ]
    if span.links:
        details["links"] = [[link.trace_id.hex(), link.span_id.hex()] for link in span.links[:MAX_LINKS]]
    return SpanRow(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        service=service,
        operation=span.name[:MAX_TEXT],
        start=span.start_time_unix_nano // 1000,
        duration=max(0, span.end_time_unix_nano - span.start_time_unix_nano) // 1000,
        error=span.status.code == Status.STATUS_CODE_ERROR and not _was_refused(tags),
        details=details,
        subjects=subjects(tags),
    )


def subjects(tags: Mapping[str, Any]) -> frozenset[str]:
    """The ids of 32 hex digits in a span's path and aggregate."""
    return frozenset(
        found for name in _PLACES if (value := tags.get(name)) for found in _ID.findall(str(value))
    )


def _was_refused(tags: Mapping[str, Any]) -> bool:
    """Whether it is an answer of 4xx: the caller's own mistake, however often it is called an error."""
    status = str(tags.get("http.status_code") or tags.get("http.response.status_code") or "")
    return len(status) == 3 and status.startswith("4")


def _tags(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {
        pair.key[:MAX_TEXT]: _value(pair.value) for pair, _ in zip(attributes, range(MAX_TAGS), strict=False)
    }


def _value(value: AnyValue) -> Any:
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value[:MAX_TEXT]
        case "int_value":
            return value.int_value
        case "bool_value":
            return value.bool_value
        case "double_value":
            return value.double_value
        case None:
            return None
        case _:
            return str(value)[:MAX_TEXT]
