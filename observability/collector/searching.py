"""Finding traces and log lines: what is asked, and the SQL that answers it."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from observability.collector.rows import LEVELS, LogRow, SpanRow
from observability.collector.words import match_expression, words_understood

_CANDIDATES: Final = 50
"""Spans that are looked at for each trace that is wanted: one trace has many that fit."""

MOST_SPANS: Final = 10_000
"""Of one trace that are shown."""

_MAP_SPANS: Final = 20_000
"""The newest spans, from which it is told who calls whom."""


@dataclass(frozen=True)
class TraceQuery:
    """Traces that fulfil all that is given. Times and durations are microseconds.

    `subject` is an id that a trace speaks of. Durations are a span's where a service, operation or tag is named, and
    otherwise the trace's.
    """

    service: str = ""
    operation: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    start: int = 0
    end: int = 2**62
    min_duration: int = 0
    max_duration: int = 2**62
    errors: bool = False
    limit: int = 20


@dataclass(frozen=True)
class LogQuery:
    """Lines that fulfil all that is given. `text` are words that must be there; `before` is the id of a later line."""

    text: str = ""
    trace_id: str = ""
    correlation_id: str = ""
    service: str = ""
    level: str = "debug"
    start: int = 0
    end: int = 2**62
    before: int = 2**62
    limit: int = 200


@dataclass(frozen=True)
class Overview:
    """One trace in a list. `entry` is (service, operation) of the first of our processes that it came to.

    `services` is how many spans each has.
    """

    trace_id: str
    entry: tuple[str, str]
    start: int
    duration: int
    spans: int
    errors: int
    services: dict[str, int]


@dataclass(frozen=True)
class Call:
    """How often one service was seen to call another, or to handle its messages, and how often that failed."""

    caller: str
    callee: str
    by_message: bool
    count: int
    errors: int


def find_traces(db: sqlite3.Connection, query: TraceQuery) -> list[str]:
    """Ids of the traces that fit, the newest first."""
    if query.service or query.operation or query.tags:
        return _by_spans(db, query)
    conditions = ["start BETWEEN ? AND ?", "end - start BETWEEN ? AND ?"]
    values: list[object] = [query.start, query.end, query.min_duration, query.max_duration]
    if query.errors:
        conditions.append("errors > 0")
    if query.subject:
        conditions.append("trace_id IN (SELECT trace_id FROM subjects WHERE subject = ?)")
        values.append(query.subject)
    sql = f"SELECT trace_id FROM traces WHERE {' AND '.join(conditions)} ORDER BY start DESC LIMIT ?"
    return [trace_id for (trace_id,) in db.execute(sql, (*values, query.limit))]


def _by_spans(db: sqlite3.Connection, query: TraceQuery) -> list[str]:
    conditions = ["start BETWEEN ? AND ?", "duration BETWEEN ? AND ?"]
    values: list[object] = [query.start, query.end, query.min_duration, query.max_duration]
    for column, value in (("service", query.service), ("operation", query.operation)):
        if value:
            conditions.append(f"{column} = ?")
            values.append(value)
    for name, value in query.tags.items():
        if name == "error":
            conditions.append("error = ?")
            values.append(value == "true")
        else:
            conditions.append("CAST(json_extract(details, ?) AS TEXT) = ?")
            values += [f'$.tags."{name.replace(chr(34), "")}"', _stored(value)]
    if query.errors:
        conditions.append("trace_id IN (SELECT trace_id FROM traces WHERE errors > 0)")
    if query.subject:
        conditions.append("trace_id IN (SELECT trace_id FROM subjects WHERE subject = ?)")
        values.append(query.subject)
    sql = f"SELECT trace_id FROM spans WHERE {' AND '.join(conditions)} ORDER BY start DESC LIMIT ?"
    found = db.execute(sql, (*values, query.limit * _CANDIDATES))
    return list(dict.fromkeys(trace_id for (trace_id,) in found))[: query.limit]


def _stored(value: str) -> str:
    """A tag's value as SQLite reads it out of JSON: there are no booleans."""
    return {"true": "1", "false": "0"}.get(value, value)


def read_trace(db: sqlite3.Connection, trace_id: str) -> list[SpanRow]:
    """The spans of a trace in order of time; none if there is no such trace."""
    sql = "SELECT * FROM spans WHERE trace_id = ? ORDER BY start LIMIT ?"
    return [_span(row) for row in db.execute(sql, (trace_id, MOST_SPANS))]


def _span(row: sqlite3.Row) -> SpanRow:
    return SpanRow(
        **{name: row[name] for name in ("trace_id", "span_id", "parent_id", "service", "operation")},
        start=row["start"],
        duration=row["duration"],
        error=bool(row["error"]),
        details=orjson.loads(row["details"]),
    )


def overviews(db: sqlite3.Connection, trace_ids: Sequence[str]) -> list[Overview]:
    """What a list shows of these traces, in the same order; those that are gone meanwhile are left out."""
    marks = ", ".join("?" * len(trace_ids))
    spans: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
    columns = (
        "trace_id, span_id, parent_id, service, operation, start, duration, error, "
        "json_extract(details, '$.kind') AS kind"
    )
    for row in db.execute(f"SELECT {columns} FROM spans WHERE trace_id IN ({marks})", tuple(trace_ids)):
        spans[row["trace_id"]].append(row)
    return [_overview(trace_id, spans[trace_id]) for trace_id in trace_ids if trace_id in spans]


def _overview(trace_id: str, spans: Sequence[sqlite3.Row]) -> Overview:
    entry = min(spans, key=_precedence)
    start = min(span["start"] for span in spans)
    end = max(span["start"] + span["duration"] for span in spans)
    return Overview(
        trace_id,
        (entry["service"], entry["operation"]),
        start,
        end - start,
        len(spans),
        sum(span["error"] for span in spans),
        dict(Counter(span["service"] for span in spans).most_common()),
    )


def _precedence(span: sqlite3.Row) -> tuple[bool, int]:
    """Envoy names its spans after the route, which is less than what a process of ours says of itself."""
    return span["kind"] != "server" or str(span["service"]).startswith("envoy-"), int(span["start"])


def services(db: sqlite3.Connection) -> list[str]:
    """Every service that has spans."""
    return [name for (name,) in db.execute("SELECT DISTINCT service FROM operations ORDER BY service")]


def operations(db: sqlite3.Connection, service: str) -> list[tuple[str, str]]:
    """The operations of a service, each with the kind of its spans."""
    sql = "SELECT operation, kind FROM operations WHERE service = ? ORDER BY operation"
    return [(operation, kind) for operation, kind in db.execute(sql, (service,))]


def calls(db: sqlite3.Connection, since: int) -> list[Call]:
    """Who was seen to call whom since a time (microseconds), from the newest spans."""
    sql = """
        SELECT parent.service AS caller, child.service AS callee,
               json_extract(child.details, '$.kind') IS 'consumer' AS by_message,
               COUNT(*) AS count, SUM(child.error) AS errors
        FROM (SELECT * FROM spans WHERE start >= ? ORDER BY rowid DESC LIMIT ?) AS child
        JOIN spans AS parent ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_id
        WHERE parent.service <> child.service GROUP BY 1, 2, 3
    """
    return [
        Call(row["caller"], row["callee"], bool(row["by_message"]), row["count"], row["errors"])
        for row in db.execute(sql, (since, _MAP_SPANS))
    ]


@dataclass(frozen=True)
class Line:
    """A log line with its id, which grows with time."""

    id: int
    row: LogRow


def find_lines(db: sqlite3.Connection, query: LogQuery) -> list[Line]:
    """The lines that fit, those that came last first."""
    conditions = ["lines.id < ?", "at BETWEEN ? AND ?"]
    values: list[object] = [query.before, query.start, query.end]
    for column in ("trace_id", "correlation_id", "service"):
        if wanted := getattr(query, column):
            conditions.append(f"{column} = ?")
            values.append(wanted)
    if query.level != LEVELS[0]:
        levels = LEVELS[LEVELS.index(query.level) :]
        conditions.append(f"level IN ({', '.join(repr(one) for one in levels)})")
    if expression := match_expression(query.text):
        conditions.append("texts MATCH ?")
        values.append(expression)
    sql = f"""
        SELECT lines.*, texts.message FROM texts JOIN lines ON lines.id = texts.rowid
        WHERE {" AND ".join(conditions)} ORDER BY lines.id DESC LIMIT ?
    """
    with words_understood():
        return [_line(row) for row in db.execute(sql, (*values, query.limit))]


def _line(row: sqlite3.Row) -> Line:
    names = ("at", "level", "service", "instance", "trace_id", "correlation_id", "message")
    fields: dict[str, Any] = orjson.loads(row["fields"])
    return Line(row["id"], LogRow(**{name: row[name] for name in names}, fields=fields))
