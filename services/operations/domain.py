"""Dead letters: what is kept of a message that could not be handled, and what becomes of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from services.chassis.errors import Conflict
from services.contracts.message import Value

State = Literal["dead", "replayed", "discarded"]
Action = Literal["replay", "discard"]
Reason = Literal["incomprehensible", "attempts_exhausted", "unknown"]

KEPT_DEATHS = 20
KEPT_HISTORY = 50


class DeadLetter(Value):
    """A message that died in a queue. Wherever it is told of several deaths, they are in order.

    `reason`, `attempts` and `died_at` are those of its last death. `replays` counts how often it was brought back;
    the message carries that number, so it is known which of its lives a death has ended. `settled_at` is when it
    was brought back or discarded.
    """

    id: str
    service: str
    queue: str
    message_id: str
    kind: str
    correlation_id: str
    order_id: str | None
    headers: dict[str, Any]
    body: bytes
    size: int
    replayable: bool
    reason: Reason
    attempts: int
    history: tuple[str, ...]
    died_at: datetime
    died_before: tuple[datetime, ...] = ()
    deaths: int = 1
    replays: int = 0
    state: State = "dead"
    settled_at: datetime | None = None

    @property
    def traceparent(self) -> str:
        """The trace it belongs to; empty when it came without."""
        return str(self.headers.get("traceparent", ""))


def died(known: DeadLetter | None, found: DeadLetter) -> DeadLetter:
    """What is known of a letter after it was `found` dead. One death that is told twice counts once.

    It is dead again only when that ended the life that its last replay gave it: copies from before it stay settled.
    """
    if known is None:
        return found
    deaths = (*known.died_before, known.died_at)
    if found.died_at in deaths:
        return known
    counted = {
        "deaths": known.deaths + 1,
        "history": _merged(known.history, found.history),
        "died_before": tuple(sorted((*deaths, found.died_at)))[-KEPT_DEATHS:-1],
        "died_at": max(known.died_at, found.died_at),
    }
    came_late = known.state == "replayed" and found.replays < known.replays
    if came_late or known.state == "discarded":
        return known.model_copy(update=counted)
    ended = {"reason": found.reason, "attempts": found.attempts, "state": "dead", "settled_at": None}
    return known.model_copy(update={**counted, **ended})


def settle(letter: DeadLetter, action: Action, now: datetime) -> DeadLetter:
    """Bring a letter back, or lay it to rest; where that was done before, it stays as it is. Raises Conflict."""
    return _replay(letter, now) if action == "replay" else _discard(letter, now)


def _replay(letter: DeadLetter, now: datetime) -> DeadLetter:
    if letter.state == "replayed":
        return letter
    if not letter.replayable:
        raise Conflict("where it died is not known, or it was too large to be kept", slug="not-replayable")
    return letter.model_copy(update={"state": "replayed", "replays": letter.replays + 1, "settled_at": now})


def _discard(letter: DeadLetter, now: datetime) -> DeadLetter:
    if letter.state == "discarded":
        return letter
    if letter.state == "replayed":
        raise Conflict("it was brought back and is not dead", slug="not-dead")
    return letter.model_copy(update={"state": "discarded", "settled_at": now})


def _merged(known: Iterable[str], found: Iterable[str]) -> tuple[str, ...]:
    """Both histories without repetition. Entries begin with their time, so that sorted they are in order."""
    return tuple(sorted({*known, *found}))[-KEPT_HISTORY:]
