"""The store of traces. Ordinary ones go first when space is short; those with an error and slow ones stay longer."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from typing import Final

import orjson

from observability.collector.database import Store, transaction
from observability.collector.limits import Summary, summarize, surplus
from observability.collector.rows import SpanRow

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS traces (
    trace_id TEXT PRIMARY KEY, start INTEGER, end INTEGER, spans INTEGER, errors INTEGER, worth INTEGER, bytes INTEGER
);
CREATE INDEX IF NOT EXISTS traces_by_worth ON traces (worth, start);
CREATE INDEX IF NOT EXISTS traces_by_start ON traces (start);
CREATE TABLE IF NOT EXISTS spans (
    trace_id TEXT, span_id TEXT, parent_id TEXT, service TEXT, operation TEXT,
    start INTEGER, duration INTEGER, error INTEGER, details BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS spans_by_trace ON spans (trace_id, span_id);
CREATE INDEX IF NOT EXISTS spans_by_service ON spans (service, start);
CREATE TABLE IF NOT EXISTS subjects (subject TEXT, trace_id TEXT, PRIMARY KEY (subject, trace_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS subjects_by_trace ON subjects (trace_id);
CREATE TABLE IF NOT EXISTS operations (
    service TEXT, operation TEXT, kind TEXT, PRIMARY KEY (service, operation, kind)
) WITHOUT ROWID;
"""
_OVERHEAD: Final = 400
"""Bytes of a span beside its details: ids, names, and its place in the indexes."""

_AT_ONCE: Final = 500
MOST_OPERATIONS: Final = 2_000


@dataclass(frozen=True)
class TraceLimits:
    """How much is kept, in bytes, and for how long, in microseconds; from when on a trace is slow."""

    size: int
    ordinary_age: int
    worth_age: int
    slow: int


class TraceStore(Store):
    """How spans are kept, and what is known of their traces."""

    def __init__(self, path: Path, limits: TraceLimits) -> None:
        super().__init__(path, _SCHEMA, sized="traces")
        self._limits = limits
        known = self._db.execute("SELECT service, operation, kind FROM operations")
        self._operations: set[tuple[str, str, str]] = set(known)

    def write(self, spans: Sequence[SpanRow]) -> None:
        """Keep these; one that is there already is left as it is, since exporters send again what was not answered."""
        encoded = [(span, orjson.dumps(span.details, default=str)) for span in spans]
        sizes: Counter[str] = Counter()
        new = []
        with self._lock, transaction(self._db) as db:
            for span, details in encoded:
                if db.execute(_INSERT, _row(span, details)).rowcount:
                    new.append(span)
                    sizes[span.trace_id] += len(details) + _OVERHEAD
            mentioned = {(subject, span.trace_id) for span in new for subject in span.subjects}
            db.executemany("INSERT OR IGNORE INTO subjects VALUES (?, ?)", mentioned)
            summaries = summarize(new, self._limits.slow)
            db.executemany(_UPSERT, (_summary_row(one, sizes[one.trace_id]) for one in summaries))
            self._remember(db, new)
            self._bytes += sizes.total()

    def trim(self, now: int) -> None:
        """Delete what is too old or too much. `now` is microseconds since the epoch."""
        with self._lock:
            for worth, age in ((0, self._limits.ordinary_age), (1, self._limits.worth_age)):
                while old := self._oldest(worth, now - age):
                    self._forget(old)
            needed = surplus(self._bytes, self._limits.size)
            for worth in (0, 1):
                needed -= self._make_room(needed, worth)

    def _make_room(self, needed: int, worth: int) -> int:
        """Delete the oldest of one sort until so many bytes are free; how many that made."""
        freed = 0
        while freed < needed and (oldest := self._oldest(worth)):
            sizes = accumulate(size for _, size in oldest)
            # As many as it takes, the one with which it is enough among them.
            chosen = [
                one
                for one, before in zip(oldest, chain((0,), sizes), strict=False)
                if freed + before < needed
            ]
            self._forget(chosen)
            freed += sum(size for _, size in chosen)
        return freed

    def _oldest(self, worth: int, before: int = 2**62) -> list[tuple[str, int]]:
        """Ids and sizes of the oldest traces of one sort that began before a time."""
        return self._db.execute(
            "SELECT trace_id, bytes FROM traces WHERE worth = ? AND start < ? ORDER BY start LIMIT ?",
            (worth, before, _AT_ONCE),
        ).fetchall()

    def _forget(self, traces: Sequence[tuple[str, int]]) -> None:
        with transaction(self._db) as db:
            for table in ("spans", "subjects", "traces"):
                db.executemany(f"DELETE FROM {table} WHERE trace_id = ?", ((one,) for one, _ in traces))
        self._bytes -= sum(size for _, size in traces)

    def _remember(self, db: sqlite3.Connection, spans: Iterable[SpanRow]) -> None:
        """Which operations there are: names come from routes and message kinds, so they are few."""
        seen = {(span.service, span.operation, str(span.details.get("kind", ""))) for span in spans}
        new = seen - self._operations
        if new and len(self._operations) < MOST_OPERATIONS:
            db.executemany("INSERT OR IGNORE INTO operations VALUES (?, ?, ?)", new)
            self._operations |= new


_INSERT: Final = "INSERT OR IGNORE INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UPSERT: Final = """
INSERT INTO traces VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace_id) DO UPDATE SET
    start = MIN(start, excluded.start), end = MAX(end, excluded.end), spans = spans + excluded.spans,
    errors = errors + excluded.errors, worth = MAX(worth, excluded.worth), bytes = bytes + excluded.bytes
"""


def _row(span: SpanRow, details: bytes) -> tuple[str | int | bytes, ...]:
    return (
        *(span.trace_id, span.span_id, span.parent_id, span.service, span.operation),
        *(span.start, span.duration, span.error, details),
    )


def _summary_row(summary: Summary, size: int) -> tuple[str | int, ...]:
    return (
        *(summary.trace_id, summary.start, summary.end, summary.spans, summary.errors),
        *(int(summary.worth), size),
    )
