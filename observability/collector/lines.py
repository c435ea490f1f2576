"""A line of a process's output as a log row: ECS from our own processes and Envoy, plainer ones from the parts."""

import re
from datetime import datetime
from typing import Any, Final

import orjson

from observability.collector.rows import LogRow
from observability.ecs import redact_text

MAX_MESSAGE: Final = 8_192
MAX_FIELDS: Final = 40
MAX_FIELD: Final = 16_384
MAX_DEPTH: Final = 32

_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_OWN: Final = frozenset(
    {"@timestamp", "ecs.version", "log.level", "message", "service.name", "service.node.name", "trace.id"}
    | {"labels.correlation_id"}
)
_LEVELS: Final = {"trace": "debug", "critical": "error", "fatal": "error", "warn": "warning"}
_MONGODB: Final = {"F": "error", "E": "error", "W": "warning", "I": "info"}
_SAYS_LEVEL: Final = re.compile(r"\b(?:level=|\[)?(error|warn(?:ing)?|critical|fatal|debug)\b", re.IGNORECASE)
_NOTE: Final = "-- "
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?\d*(?:Z|[+-]\d\d:?\d\d)")
_COLOURS: Final = re.compile(r"\x1b\[[\d;]*m")


def is_urgent(line: bytes) -> bool:
    """Whether a line is kept even when there are too many: whatever is not said to be of level info or debug."""
    return b'"log.level":"info"' not in line and b'"log.level":"debug"' not in line


def log_row(line: bytes, process: str, now: int) -> LogRow | None:
    """The row of one line of the named process's output, None for an empty one.

    `now`, in microseconds since the epoch, is when it was said if it does not tell. Raises ValueError for a line that
    is nested so deeply that neither could its row be stored, nor shown.
    """
    text = line.strip()
    if not text:
        return None
    document = _document(text)
    if document and "@timestamp" in document and "message" in document:
        return _ecs(document, process, now)
    if document and "msg" in document and "s" in document:
        return _mongodb(document, process, now)
    return _plain(text.decode(errors="replace"), process, now)


def _document(text: bytes) -> dict[str, Any] | None:
    if not text.startswith(b"{"):
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict):
        return None
    if _is_deeper(found, MAX_DEPTH):
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
    return found


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(
        _is_deeper(inner, levels - 1) for inner in (value.values() if isinstance(value, dict) else value)
    )


def _ecs(document: dict[str, Any], process: str, now: int) -> LogRow:
    trace_id = document.get("trace.id")
    correlation_id = document.get("labels.correlation_id")
    fields = {
        name: value[:MAX_FIELD] if isinstance(value, str) else value
        for name, value in list(document.items())[:MAX_FIELDS]
        if name not in _OWN and value not in (None, "-")
    }
    return LogRow(
        at=_microseconds(document["@timestamp"], now),
        level=level(str(document.get("log.level", "info"))),
        service=str(document.get("service.name", process)),
        instance=str(document.get("service.node.name", process)),
        trace_id=trace_id if isinstance(trace_id, str) and _TRACE_ID.fullmatch(trace_id) else None,
        correlation_id=str(correlation_id)[:128] if correlation_id not in (None, "-") else None,
        message=str(document["message"])[:MAX_MESSAGE],
        fields=fields,
    )


def _mongodb(document: dict[str, Any], process: str, now: int) -> LogRow:
    """Without its attributes: of a slow command they are what people have written."""
    when = document.get("t")
    stamp = when.get("$date") if isinstance(when, dict) else None
    return LogRow(
        at=_microseconds(stamp, now),
        level=_MONGODB.get(str(document["s"]), "debug"),
        service=process,
        instance=process,
        trace_id=None,
        correlation_id=None,
        message=redact_text(f"{document.get('c', '')}: {document['msg']}")[:MAX_MESSAGE],
        fields={},
    )


def _plain(text: str, process: str, now: int) -> LogRow:
    message = _COLOURS.sub("", text)
    fields: dict[str, Any] = {}
    if message.startswith(_NOTE):
        fields["log.logger"] = "supervisor"
    stamp = _STAMP.search(message[:100])
    if stamp and stamp.start() <= len(_NOTE):
        message = message[stamp.end() :].lstrip()
    said = _SAYS_LEVEL.search(message[:200])
    return LogRow(
        at=_microseconds(stamp[0] if stamp else None, now),
        level=level(said[1].lower()) if said else "info",
        service=process.rpartition("-")[0] if process.rpartition("-")[2].isdigit() else process,
        instance=process,
        trace_id=None,
        correlation_id=None,
        message=redact_text(message)[:MAX_MESSAGE],
        fields=fields,
    )


def level(said: str) -> str:
    """One of LEVELS for what a process calls it."""
    known = _LEVELS.get(said, said)
    return known if known in ("debug", "info", "warning", "error") else "info"


def _microseconds(stamp: object, now: int) -> int:
    try:
        return int(datetime.fromisoformat(str(stamp)).timestamp() * 1_000_000)
    except ValueError:
        return now
