"""What is kept and what goes when there is too much: pure rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from observability.collector.rows import SpanRow

_STREAMS: Final = ("/events", "/live")
"""Requests that last as long as their client likes."""

_ROOM: Final = 0.9
"""Down to this share of the limit is deleted, so that the next write does not find it full again."""


def is_worth_keeping(span: SpanRow, slow: int) -> bool:
    """Whether a span makes its trace one that is kept when others go: an error, or slow (microseconds)."""
    if span.error:
        return True
    waits = span.details.get("kind") in ("server", "consumer") and not span.operation.endswith(_STREAMS)
    return waits and span.duration >= slow


def surplus(used: int, limit: int) -> int:
    """How many bytes must go of so many that are used; 0 while they are within the limit."""
    return used - int(limit * _ROOM) if used > limit else 0


@dataclass(frozen=True)
class Summary:
    """What a batch says of one trace. `worth` is whether it is to be kept when others go."""

    trace_id: str
    start: int
    end: int
    spans: int
    errors: int
    worth: bool


def summarize(spans: Iterable[SpanRow], slow: int) -> list[Summary]:
    """One summary for each trace that the spans belong to."""
    by_trace: dict[str, list[SpanRow]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    return [
        Summary(
            trace_id,
            min(span.start for span in group),
            max(span.end for span in group),
            len(group),
            sum(span.error for span in group),
            any(is_worth_keeping(span, slow) for span in group),
        )
        for trace_id, group in by_trace.items()
    ]
