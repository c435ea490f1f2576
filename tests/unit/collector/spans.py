"""Spans to store and to look for."""

from itertools import count
from typing import Any

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
