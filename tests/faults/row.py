"""One row of the table: what was done, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from tests.faults.evidence import Evidence
from tests.faults.fold import Doc
from tests.faults.plan import Plan

LATE_SECONDS: Final = 3.0
"""How long no saga takes without a fault, with tokens whose script is short."""
PROMPT: Final = ("tok_approve", "tok_decline", "tok_flaky", "tok_capture_fails")


@dataclass(frozen=True, slots=True)
class Strike:
    """When a fault struck, and how many requests had no answer then."""

    at: datetime
    in_flight: int


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one fault, or of several at once. Times are seconds.

    `moments` tell when each was planned to strike, `in_flight` how many requests had no answer then.
    `sagas` are the orders under way at the first strike, `outage` the longest time in which no order was accepted.
    `recovery` counts from the first strike until the last request that failed was answered after all, and the last
    order that was late had ended; 0 when nobody noticed. `violations` are told by the check that found them.
    """

    fault: str
    moments: tuple[str, ...]
    in_flight: tuple[int, ...]
    sagas: int
    accepted: int
    confirmed: int
    cancelled: int
    failed: int
    outage: float
    recovery: float
    violations: Mapping[str, Sequence[str]]

    @classmethod
    def not_possible(cls, plan: Plan, reason: str) -> Self:
        """The row of what could not be tried here: nothing is proven by it."""
        told = {"not possible here": [reason]}
        return cls(" + ".join(plan.names), (), (), 0, 0, 0, 0, 0, 0.0, 0.0, told)

    @classmethod
    def of(
        cls,
        plan: Plan,
        strikes: Sequence[Strike],
        evidence: Evidence,
        violations: Mapping[str, Sequence[str]],
    ) -> Self:
        """The row that the evidence amounts to."""
        orders, first = list(evidence.books.orders.values()), strikes[0].at
        statuses = [order["status"] for order in orders]
        return cls(
            fault=" + ".join(plan.names),
            moments=tuple(map(str, plan.moments)),
            in_flight=tuple(strike.in_flight for strike in strikes),
            sagas=sum(order["created_at"] < first < order["updated_at"] for order in orders),
            accepted=len(evidence.seen.accepted),
            confirmed=statuses.count("CONFIRMED"),
            cancelled=statuses.count("CANCELLED"),
            failed=evidence.seen.failures,
            outage=evidence.seen.longest_outage,
            recovery=max(0.0, _last_trouble(evidence) - first.timestamp()),
            violations=violations,
        )


def _last_trouble(evidence: Evidence) -> float:
    """When the last thing went wrong that anybody noticed."""
    prompt = {order.order_id for order in evidence.seen.accepted if order.token in PROMPT}
    expected = prompt - set(evidence.seen.cancelled)
    if evidence.ahead:
        return evidence.seen.last_trouble
    late = [order for id, order in evidence.books.orders.items() if id in expected and _is_late(order)]
    ends: list[float] = [order["updated_at"].timestamp() for order in late]
    return max([evidence.seen.last_trouble, *ends])


def _is_late(order: Doc) -> bool:
    took: float = (order["updated_at"] - order["created_at"]).total_seconds()
    return took > LATE_SECONDS
