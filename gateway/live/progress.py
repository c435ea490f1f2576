"""How far a stream has told an order's life: the order's history and live news, merged by sequence."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from gateway.upstreams.order import StatusChange, Timeline
from services.contracts.order import OrderStatus

SETTLED: Final[frozenset[OrderStatus]] = frozenset({"CONFIRMED", "CANCELLED"})
"""Where a stream ends."""

OVER: Final[frozenset[OrderStatus]] = frozenset({"DELIVERED", "CANCELLED", "REFUNDED"})
"""Where a stream ends that follows the order on its way to the customer."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The sequence that was told last, and where the stream ends. It ends once, at the first final status."""

    told: int
    final: frozenset[OrderStatus]
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What is due now, in order. When `behind`, there is more to tell, which only the history knows."""

    progress: Progress
    due: tuple[StatusChange, ...]
    behind: bool


def advance(progress: Progress, changes: Iterable[StatusChange]) -> Step:
    """Take in changes, in any order and more than once: those that continue what was told are due."""
    known = {change.sequence: change for change in changes}
    ended = progress.ended or any(
        change.status in progress.final for change in known.values() if change.sequence <= progress.told
    )
    told, due = progress.told, []
    while not ended and told + 1 in known:
        told += 1
        due.append(known[told])
        ended = known[told].status in progress.final
    behind = not ended and any(sequence > told for sequence in known)
    return Step(replace(progress, told=told, ended=ended), tuple(due), behind)


def history(timeline: Timeline) -> tuple[StatusChange, ...]:
    """An order's timeline as changes; the reason belongs to the cancellation."""
    return tuple(
        StatusChange(
            order_id=timeline.order_id,
            status=entry.status,
            sequence=entry.sequence,
            at=entry.at,
            reason=timeline.reason if entry.status == "CANCELLED" else None,
        )
        for entry in timeline.timeline
    )
