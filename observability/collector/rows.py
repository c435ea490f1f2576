"""What is kept: spans and log lines, as they stand in the stores. Times and durations are whole microseconds."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SpanRow:
    """One span. `details` has what is only shown: kind, tags, events, links, status, instance.

    `subjects` are the ids that it speaks of, such as an order's, by which its trace is found.
    """

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    operation: str
    start: int
    duration: int
    error: bool
    details: dict[str, Any]
    subjects: frozenset[str] = frozenset()

    @property
    def end(self) -> int:
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class LogRow:
    """One log line. `level` is one of LEVELS, `fields` what else the line said."""

    at: int
    level: str
    service: str
    instance: str
    trace_id: str | None
    correlation_id: str | None
    message: str
    fields: dict[str, Any]


LEVELS = ("debug", "info", "warning", "error")
"""Of log lines, from the least to the most."""
