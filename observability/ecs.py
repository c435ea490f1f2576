"""A log record as one Elastic Common Schema document, with nothing secret in it and of bounded size."""

import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from observability.context import current, trace_id

_ECS_VERSION = "8.11"
_MAX_MESSAGE = 8_192
_MAX_STACK = 16_384
_MAX_FIELD = 2_048

_REDACTED = "[redacted]"
_SECRET_NAME = re.compile(
    r"authorization|cookie|passw|secret|token|(?<![a-z])card|cvc|api_?key|private_?key|e_?mail", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"(?<=://)[^/\s@]+(?=@)|\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=Bearer )\S+"
    # What is bounded and begins at a word's start takes no longer for a long text than it must.
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+\.[\w.-]*\w"
)
_DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)")
_RECORD_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class EcsFormatter:
    """Renders records of one process.

    Fields of `extra` whose name has a dot are ECS fields and keep it; any other becomes `labels.<name>`.
    """

    def __init__(self, service: str, instance: str, version: str) -> None:
        self._process = {
            "ecs.version": _ECS_VERSION,
            "service.name": service,
            "service.version": version,
            "service.node.name": instance,
        }

    def render(self, record: logging.LogRecord) -> bytes:
        """One line with its line break. Raises whatever a bad format string or an argument raises."""
        return self._line(record, redact_text(record.getMessage()), _extra(record) | _error(record))

    def unrenderable(self, record: logging.LogRecord) -> bytes:
        """The line in place of a record that can't be rendered: where it was logged, and no more."""
        return self._line(
            record, f"the record logged at {record.filename}:{record.lineno} can't be rendered", {}
        )

    def _line(self, record: logging.LogRecord, message: str, fields: Mapping[str, object]) -> bytes:
        document = {
            "@timestamp": datetime.fromtimestamp(record.created, UTC),
            "log.level": record.levelname.lower(),
            "message": message[:_MAX_MESSAGE],
            "log.logger": record.name,
            "trace.id": trace_id(),
            "labels.correlation_id": current().correlation_id,
            **self._process,
            **fields,
        }
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def redact_text(text: str) -> str:
    """`text` without credentials in URLs, bearer tokens, JWTs, e-mail addresses and card numbers."""
    if "@" in text or "eyJ" in text or "Bearer " in text:
        text = _SECRET_TEXT.sub(_REDACTED, text)
    return _DIGITS.sub(_without_card, text)


def _without_card(found: re.Match[str]) -> str:
    """Digits whose last one is the check digit of those before it (Luhn), as every card's is."""
    digits = [int(digit) for digit in found[0] if digit.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return found[0] if total % 10 else _REDACTED


def redact(name: str, value: object) -> object:
    """`value`, unless it or a part of it goes by a name that is kept secret."""
    if _is_secret(name):
        return _REDACTED
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Mapping):
        return {str(key): redact(str(key), part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [redact(name, part) for part in value]
    return value


@lru_cache
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {
        name if "." in name else f"labels.{name}": _scalar(redact(name, value))
        for name, value in record.__dict__.items()
        if name not in _RECORD_FIELDS
    }


def _scalar(value: object) -> object:
    """A label is one keyword in the index: what is more than a scalar becomes text."""
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < 64 else str(value)[:_MAX_FIELD]
    text = value if isinstance(value, str) else _json(value)
    return redact_text(text)[:_MAX_FIELD]


def _json(value: object) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _error(record: logging.LogRecord) -> dict[str, object]:
    if record.exc_info is None or record.exc_info[1] is None:
        return {}
    error = record.exc_info[1]
    # The innermost frames and the message stand last, so a stack that is too long loses its beginning.
    stack = redact_text("".join(traceback.format_exception(error)))[-_MAX_STACK:]
    return {
        "error.type": type(error).__qualname__,
        "error.message": redact_text(str(error))[:_MAX_MESSAGE],
        "error.stack_trace": stack,
    }
