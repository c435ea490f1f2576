"""Reading what came out of a queue of dead letters, whatever it is: this never fails, and never trusts."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args

import orjson

from services.chassis.headers import ATTEMPTS, DEAD_AT, HISTORY, QUEUE, REASON, REPLAYS
from services.chassis.raw_consumer import Delivery
from services.contracts.topology import QUEUES
from services.operations.domain import KEPT_HISTORY, DeadLetter, Reason

MAX_BODY: Final = 8 * 1024 * 1024
"""In bytes. Half of what MongoDB takes for a document; what the platform itself sends is a hundredth of it."""

_MAX_TEXT: Final = 1000
_MAX_DEPTH: Final = 8
_MAX_INT: Final = 2**63 - 1
_MAX_COUNT: Final = 10**9
_QUEUES: Final = frozenset(queue.name for queue in QUEUES)
_REASONS: Final = get_args(Reason)
_OF_ONE_LIFE: Final = frozenset({REASON, QUEUE, ATTEMPTS, HISTORY, DEAD_AT, REPLAYS})
_THE_BROKER_S: Final = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "x-acquired-count")


def dead_letter(delivery: Delivery, now: datetime) -> DeadLetter:
    """The letter as of this death. One without an id is known by what is in it; without a time it died `now`."""
    headers = delivery.headers
    queue = _text(headers.get(QUEUE)) or delivery.queue
    message_id = delivery.id or hashlib.sha256(delivery.body).hexdigest()
    reason = headers.get(REASON)
    return DeadLetter(
        id=hashlib.sha256(f"{queue}\n{message_id}".encode()).hexdigest()[:16],
        service=delivery.queue.partition(".")[0],
        queue=queue,
        message_id=message_id,
        kind=delivery.kind or "",
        correlation_id=delivery.correlation_id or "",
        order_id=_order_id(delivery.body),
        headers=_carried(headers),
        body=delivery.body[:MAX_BODY],
        size=len(delivery.body),
        replayable=queue in _QUEUES and len(delivery.body) <= MAX_BODY,
        reason=reason if reason in _REASONS else "unknown",
        attempts=_count(headers.get(ATTEMPTS)),
        history=_history(headers.get(HISTORY)),
        died_at=_time(headers.get(DEAD_AT)) or now,
        replays=_count(headers.get(REPLAYS)),
    )


def _order_id(body: bytes) -> str | None:
    """The order that a message is about, where it says so."""
    if len(body) > MAX_BODY:
        return None
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    found = content.get("order_id") if isinstance(content, dict) else None
    return found if isinstance(found, str) and len(found) <= _MAX_TEXT else None


def _carried(headers: Mapping[str, object]) -> dict[str, Any]:
    """The headers that the message had before it came to its queue, and takes along when it is brought back."""
    return {
        _key(name): _plain(value)
        for name, value in headers.items()
        if name not in _OF_ONE_LIFE and not name.startswith(_THE_BROKER_S)
    }


def _plain(value: object, depth: int = 0) -> Any:
    """A header's value as JSON, MongoDB and AMQP can all hold it."""
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if -_MAX_INT <= value <= _MAX_INT else str(value)
        case str() | bytes():
            return _text(value)
        case datetime():
            return value.isoformat()
        case dict() if depth < _MAX_DEPTH:
            return {_key(name): _plain(inner, depth + 1) for name, inner in value.items()}
        case list() | tuple() if depth < _MAX_DEPTH:
            return [_plain(inner, depth + 1) for inner in value]
        case _:
            return type(value).__name__


def _key(name: object) -> str:
    return str(name).replace("\0", "")


def _text(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    return text[:_MAX_TEXT] if isinstance(text, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value <= _MAX_COUNT else 0


def _history(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else []
    return tuple(text for entry in entries if (text := _text(entry)))[-KEPT_HISTORY:]


def _time(value: object) -> datetime | None:
    """To the millisecond, as MongoDB keeps it."""
    try:
        time = datetime.fromisoformat(_text(value))
        return time.astimezone(UTC).replace(microsecond=time.microsecond // 1000 * 1000)
    except (ValueError, OverflowError):
        return None
