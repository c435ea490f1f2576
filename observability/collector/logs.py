"""The store of log lines, with full text, and how far each log file was read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from observability.collector.database import Store, transaction
from observability.collector.limits import surplus
from observability.collector.rows import LogRow

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS lines (
    id INTEGER PRIMARY KEY, at INTEGER, level TEXT, service TEXT, instance TEXT,
    trace_id TEXT, correlation_id TEXT, fields BLOB, bytes INTEGER
);
CREATE INDEX IF NOT EXISTS lines_by_trace ON lines (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS lines_by_correlation ON lines (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS lines_by_service ON lines (service, id);
CREATE INDEX IF NOT EXISTS lines_by_level ON lines (level, id) WHERE level IN ('warning', 'error');
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (message, fields);
CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, inode INTEGER, offset INTEGER);
"""
_OVERHEAD: Final = 300
"""Bytes of a line beside its text: ids, and its place in the indexes."""

_TWICE: Final = 2
"""A text is stored, and its words are indexed."""

_AT_ONCE: Final = 2_000


@dataclass(frozen=True)
class LogLimits:
    """How much is kept, in bytes, and for how long, in microseconds."""

    size: int
    age: int


@dataclass(frozen=True)
class Position:
    """How far a log file was read: which file it was, and the bytes of it."""

    inode: int
    offset: int


class LogStore(Store):
    """How log lines are kept, each once."""

    def __init__(self, path: Path, limits: LogLimits) -> None:
        super().__init__(path, _SCHEMA, sized="lines")
        self._limits = limits

    def positions(self) -> dict[str, Position]:
        """How far each file was read, by its name."""
        found = self._db.execute("SELECT name, inode, offset FROM files")
        return {name: Position(inode, offset) for name, inode, offset in found}

    def write(self, rows: Sequence[LogRow], positions: Mapping[str, Position]) -> None:
        """Keep these, and how far the files were read for them, so that no line is kept twice or left out."""
        with self._lock, transaction(self._db) as db:
            (last,) = db.execute("SELECT COALESCE(MAX(id), 0) FROM lines").fetchone()
            lines, texts = [], []
            for id, row in enumerate(rows, last + 1):
                fields, words = orjson.dumps(row.fields, default=str), _words(row.fields)
                size = len(fields) + _TWICE * (len(row.message) + len(words)) + _OVERHEAD
                self._bytes += size
                said = (row.at, row.level, row.service, row.instance, row.trace_id, row.correlation_id)
                lines.append((id, *said, fields, size))
                texts.append((id, row.message, words))
            db.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", lines)
            db.executemany("INSERT INTO texts (rowid, message, fields) VALUES (?, ?, ?)", texts)
            db.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?)",
                ((name, place.inode, place.offset) for name, place in positions.items()),
            )

    def trim(self, now: int) -> None:
        """Delete the oldest lines: those too old, and as many as are too much. `now` is microseconds."""
        with self._lock:
            needed, oldest = surplus(self._bytes, self._limits.size), now - self._limits.age
            while going := list(_going(self._first(), needed, oldest)):
                freed = sum(size for _, size, _ in going)
                self._forget(going[-1][0], freed)
                needed -= freed

    def _first(self) -> list[tuple[int, int, int]]:
        """Id, size and time of the lines that came first."""
        return self._db.execute("SELECT id, bytes, at FROM lines ORDER BY id LIMIT ?", (_AT_ONCE,)).fetchall()

    def _forget(self, last: int, size: int) -> None:
        with transaction(self._db) as db:
            db.execute("DELETE FROM texts WHERE rowid <= ?", (last,))
            db.execute("DELETE FROM lines WHERE id <= ?", (last,))
        self._bytes -= size


def _going(rows: Sequence[tuple[int, int, int]], needed: int, oldest: int) -> Iterator[tuple[int, int, int]]:
    """The first of the rows that must go: as many as free so many bytes, and those from before a time."""
    for row in rows:
        _, size, at = row
        if needed <= 0 and at >= oldest:
            return
        yield row
        needed -= size


def _words(fields: Mapping[str, Any]) -> str:
    """What of the fields can be searched for: every text that a line was given beside its message."""
    return " ".join(str(value) for name, value in fields.items() if name != "service.version")
