"""What a run of load amounts to."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from scripts.load.endings import MISSING, Ending
from scripts.load.loops import Pace
from scripts.load.placing import Placement


@dataclass(frozen=True, slots=True)
class Latencies:
    """Percentiles by nearest rank, in seconds; NaN of nothing."""

    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self:
        """The percentiles of these."""
        ranked = sorted(seconds)
        return cls(*(_at(ranked, share) for share in (0.50, 0.95, 0.99, 1.0)))


def _at(ranked: Sequence[float], share: float) -> float:
    return ranked[math.ceil(share * len(ranked)) - 1] if ranked else math.nan


@dataclass(frozen=True, slots=True)
class Report:
    """The sum of a run.

    Of the accepted orders: `confirmed`, `cancelled` by reason, `unfinished` by the status they were left in, and
    `lost`, which their customers' histories don't know. Of the others: `refused` by what was wrong, and `unknown`.
    `repeated` counts the attempts that had to be made again, by why. `sold` are the confirmed pieces of each sku;
    `accepting` is how long customers waited for an answer, `ending` how long the sagas took from there.
    """

    pace: Pace
    accepted: int
    refused: Mapping[str, int]
    unknown: int
    repeated: Mapping[str, int]
    confirmed: int
    cancelled: Mapping[str, int]
    unfinished: Mapping[str, int]
    lost: int
    sold: Mapping[str, int]
    accepting: Latencies
    ending: Latencies

    @classmethod
    def of(cls, pace: Pace, placements: Sequence[Placement], known: Mapping[str, Ending]) -> Self:
        """The report on these placements and on what is known of the accepted ones, by order id."""
        outcomes = Counter(placement.outcome for placement in placements)
        seen = Counter(ending.status for ending in known.values())
        return cls(
            pace=pace,
            accepted=outcomes["accepted"],
            refused=Counter(p.problems[-1] for p in placements if p.outcome == "refused"),
            unknown=outcomes["unknown"],
            repeated=Counter(problem for p in placements for problem in p.problems[: p.attempts - 1]),
            confirmed=seen["CONFIRMED"],
            cancelled=Counter(
                e.reason or "without a reason" for e in known.values() if e.status == "CANCELLED"
            ),
            unfinished=Counter(e.status for e in known.values() if not (e.is_final or e is MISSING)),
            lost=seen[MISSING.status],
            sold=_sold(placements, known),
            accepting=Latencies.of(p.seconds for p in placements if p.outcome == "accepted"),
            ending=Latencies.of(e.seconds for e in known.values() if e.is_final),
        )


def _sold(placements: Iterable[Placement], known: Mapping[str, Ending]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for placement in placements:
        ending = known.get(placement.order_id or "")
        if ending and ending.status == "CONFIRMED":
            pieces.update(placement.items)
    return pieces
