"""The answers of Jaeger's query API, for tools that know it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from observability.collector.durations import microseconds
from observability.collector.rows import SpanRow
from observability.collector.searching import Call, TraceQuery
from services.chassis.errors import Invalid

_MOST_TRACES = 200


def trace_query(given: Mapping[str, str]) -> TraceQuery:
    """What the parameters of `/api/traces` ask for. Raises Invalid with the parameter named.

    Times are microseconds since the epoch. `subject` and `error=true` are the collector's own.
    """
    return TraceQuery(
        service=given.get("service", ""),
        operation=given.get("operation", ""),
        tags=_tags(given.get("tags", "")),
        subject=given.get("subject", ""),
        start=_number(given, "start", 0, 2**62),
        end=_number(given, "end", 2**62, 2**62),
        min_duration=_duration(given, "minDuration", 0),
        max_duration=_duration(given, "maxDuration", 2**62),
        errors=given.get("error") == "true",
        limit=max(1, _number(given, "limit", 20, _MOST_TRACES)),
    )


def trace_id(text: str) -> str:
    """A trace id as it is stored: tools leave out leading zeros. Raises Invalid."""
    found = text.strip().lower()
    if not 0 < len(found) <= 32 or set(found) - set("0123456789abcdef"):
        raise Invalid.field("trace_id", "up to 32 hex digits")
    return found.zfill(32)


def _tags(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid.field("tags", 'a JSON object, such as {"http.status_code": "500"}') from error
    if not isinstance(found, dict) or len(found) > 8:
        raise Invalid.field("tags", "a JSON object with at most 8 tags")
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in found.items()
    }


def _number(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid.field(name, "a whole number")
    return min(int(text), most)


def _duration(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "")
    try:
        return microseconds(text) if text else default
    except ValueError as error:
        raise Invalid.field(name, str(error)) from error


def answer(data: Sequence[object]) -> dict[str, Any]:
    """Jaeger's envelope around a list."""
    return {"data": data, "total": len(data), "limit": 0, "offset": 0, "errors": None}


def trace(spans: Sequence[SpanRow]) -> dict[str, Any]:
    """One trace as Jaeger's own page reads it."""
    processes: dict[tuple[str, str], str] = {}
    rendered = []
    for span in spans:
        key = (span.service, str(span.details.get("instance", "")))
        process = processes.setdefault(key, f"p{len(processes) + 1}")
        rendered.append(_span(span, process))
    return {
        "traceID": spans[0].trace_id,
        "spans": rendered,
        "processes": {
            name: {
                "serviceName": service,
                "tags": _pairs({"service.instance.id": instance} if instance else {}),
            }
            for (service, instance), name in processes.items()
        },
        "warnings": None,
    }


def _span(span: SpanRow, process: str) -> dict[str, Any]:
    parent = [_reference("CHILD_OF", span.trace_id, span.parent_id)] if span.parent_id else []
    links = [_reference("FOLLOWS_FROM", *link) for link in span.details.get("links", [])]
    tags = {**span.details.get("tags", {}), "span.kind": span.details.get("kind", "")}
    if span.error:
        tags |= {"error": True, "otel.status_description": span.details.get("status", "")}
    return {
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.operation,
        "references": parent + links,
        "startTime": span.start,
        "duration": span.duration,
        "tags": _pairs(tags),
        "logs": [
            {"timestamp": event["at"], "fields": _pairs({"event": event["name"], **event["tags"]})}
            for event in span.details.get("events", [])
        ],
        "processID": process,
        "warnings": None,
    }


def _reference(kind: str, trace_id: str, span_id: str) -> dict[str, str]:
    return {"refType": kind, "traceID": trace_id, "spanID": span_id}


def _pairs(tags: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "type": _type(value), "value": value} for name, value in tags.items()]


def _type(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int64"
        case float():
            return "float64"
        case _:
            return "string"


def dependencies(calls: Iterable[Call]) -> list[dict[str, Any]]:
    """One line between two services, by whichever means they talk: Jaeger does not tell them apart."""
    counts: Counter[tuple[str, str]] = Counter()
    for call in calls:
        counts[call.caller, call.callee] += call.count
    return [
        {"parent": caller, "child": callee, "callCount": count} for (caller, callee), count in counts.items()
    ]
