"""What a run of load amounts to."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from scripts.load.endings import MISSING, UNREAD, Ending
from scripts.load.loops import Pace
from scripts.load.percentiles import Percentiles
from scripts.load.placing import Placement
from scripts.load.wishes import APPROVING

NO_REASON: Final = "without a reason"
CONFIRMED_SHARE: Final = 0.95
"""Of the accepted orders with an approving token; real baskets may find a shelf empty."""


@dataclass(frozen=True, slots=True)
class Report:
    """The sum of a run.

    Of the accepted orders: `confirmed`, `cancelled` by reason, `unfinished` by the status they were left in, and
    `lost`, which their customers' histories don't know; `payable` had an approving token, and `paid` of those were
    confirmed. Of the others: `refused` by what was wrong, and `unknown`.
    `repeated` counts the attempts that had to be made again, by why. `sold` are the confirmed pieces of each sku;
    `accepting` is how long customers waited for an answer, `ending` how long the sagas took from there, in seconds.
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
    payable: int
    paid: int
    sold: Mapping[str, int]
    accepting: Percentiles
    ending: Percentiles

    @classmethod
    def of(cls, pace: Pace, placements: Sequence[Placement], known: Mapping[str, Ending]) -> Self:
        """The report on these placements and on what is known of the accepted ones, by order id."""
        outcomes = Counter(placement.outcome for placement in placements)
        seen = Counter(ending.status for ending in known.values())
        payable = [p for p in placements if p.outcome == "accepted" and p.token in APPROVING]
        return cls(
            pace=pace,
            accepted=outcomes["accepted"],
            refused=Counter(p.problems[-1] for p in placements if p.outcome == "refused"),
            unknown=outcomes["unknown"],
            repeated=Counter(problem for p in placements for problem in p.problems[: p.attempts - 1]),
            confirmed=seen["CONFIRMED"],
            cancelled=Counter(e.reason or NO_REASON for e in known.values() if e.status == "CANCELLED"),
            unfinished=Counter(e.status for e in known.values() if not (e.is_final or e is MISSING)),
            lost=seen[MISSING.status],
            payable=len(payable),
            paid=sum(_ending(p, known).status == "CONFIRMED" for p in payable),
            sold=_sold(placements, known),
            accepting=Percentiles.of(p.seconds for p in placements if p.outcome == "accepted"),
            ending=Percentiles.of(e.seconds for e in known.values() if e.is_final),
        )

    def complaints(self) -> Iterator[str]:
        """What must not be in a run that went well, a sentence each. Declined payments may: somebody asked for them."""
        for count, what in (
            (sum(self.refused.values()), "were refused"),
            (self.unknown, "were never answered"),
            (self.lost, "are lost"),
            (sum(self.unfinished.values()), "did not end"),
            (self.cancelled.get(NO_REASON, 0), "were cancelled without a reason"),
        ):
            if count:
                yield f"{count:,} orders {what}"
        if self.paid < CONFIRMED_SHARE * self.payable:
            yield (
                f"{self.paid:,} of {self.payable:,} orders that were to be paid are confirmed, "
                f"less than {CONFIRMED_SHARE:.0%}"
            )


def _sold(placements: Iterable[Placement], known: Mapping[str, Ending]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for placement in placements:
        if _ending(placement, known).status == "CONFIRMED":
            pieces.update(placement.items)
    return pieces


def _ending(placement: Placement, known: Mapping[str, Ending]) -> Ending:
    return known.get(placement.order_id or "", UNREAD)
