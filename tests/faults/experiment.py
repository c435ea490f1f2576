"""One row of the table: faults strike while the shop is busy, and then everything has to come right."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Final

from tests.faults.audit import Auditor
from tests.faults.books import Letter
from tests.faults.faults import Fault
from tests.faults.fold import Doc
from tests.faults.invariants import Evidence, violations
from tests.faults.messages import Poison
from tests.faults.seen import Seen
from tests.faults.site import Site
from tests.faults.traffic import Traffic

LEAD: Final = (0.5, 1.0)
"""Seconds of traffic before the first fault strikes, and as many between two."""
BUSY: Final = 3
"""Requests in flight, at least, when a burst has begun."""
MOMENT: Final = 0.08
"""Seconds until a fault strikes then, at most."""
AFTER: Final = 1.0
"""Seconds of traffic after the last fault is mended, at least."""
MEND_SECONDS: Final = 120.0
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATE_SECONDS: Final = 3.0
"""How long no saga takes without a fault, with tokens whose script is short."""
PROMPT: Final = ("tok_approve", "tok_decline", "tok_flaky", "tok_capture_fails")


@dataclass(frozen=True)
class Load:
    """How busy the shop is: orders a second, and how many at least."""

    rate: float
    orders: int


@dataclass(frozen=True)
class Row:
    """What came of a fault. Times are seconds, counted from the strike.

    `in_flight` are the requests without an answer at each strike, `sagas` the orders under way at the first.
    `recovery` is when the last request that failed was answered after all, and the last order that was late had ended;
    0 when nobody noticed.
    """

    fault: str
    in_flight: tuple[int, ...]
    sagas: int
    accepted: int
    confirmed: int
    cancelled: int
    failed: int
    outage: float
    recovery: float
    violations: Mapping[str, Sequence[str]]


class Experiment:
    """The platform, the shop and the auditor together, and how many seconds the dust has to settle."""

    def __init__(self, site: Site, traffic: Traffic, auditor: Auditor, load: Load, patience: float) -> None:
        self._site = site
        self._traffic = traffic
        self._auditor = auditor
        self._load = load
        self._patience = patience
        self._past: list[Evidence] = []
        self._known: set[str] = set()

    async def run(self, faults: Sequence[Fault], chance: Random) -> Row:
        """Let these strike one after the other, and see what comes of it."""
        await self._begin(faults)
        since = datetime.now(UTC)
        sending = asyncio.create_task(self._traffic.run(self._load.rate, chance))
        try:
            strikes = await self._suffer(faults, chance)
            calm_at = datetime.now(UTC)
            # There it shows that it is well again.
            await asyncio.sleep(AFTER)
            await self._traffic.until_placed(self._load.orders)
        finally:
            self._traffic.stop()
            await sending
        await self._auditor.settled(self._patience)
        evidence = await self._auditor.evidence(since, calm_at, self._traffic.seen, _poisoned(faults))
        self._past.append(evidence)
        return self._row(" + ".join(fault.name for fault in faults), strikes, evidence)

    async def whole(self) -> dict[str, list[str]]:
        """What is wrong with everything that was ever done, looked at once more and together."""
        poisoned = {letter: arrived for past in self._past for letter, arrived in past.poisoned.items()}
        seen = Seen.together(past.seen for past in self._past)
        now = await self._auditor.evidence(BEGINNING, datetime.now(UTC), seen, poisoned)
        heard = [message for past in (*self._past, now) for message in past.heard]
        return self._new(violations(replace(now, heard=heard)))

    async def _begin(self, faults: Sequence[Fault]) -> None:
        async with asyncio.timeout(MEND_SECONDS):
            await self._site.ready()
            await self._traffic.sign_in_staff()
            for fault in faults:
                await fault.aim(self._site)

    async def _suffer(self, faults: Sequence[Fault], chance: Random) -> list[tuple[float, int]]:
        """When each struck, and how many requests were in flight then. All are mended at the end."""
        strikes: list[tuple[float, int]] = []
        mending: list[asyncio.Task[None]] = []
        try:
            for fault in faults:
                await asyncio.sleep(chance.uniform(*LEAD))
                await self._until_in_the_middle(chance)
                strikes.append((time.time(), self._traffic.in_flight))
                fault.strike()
                mending.append(asyncio.create_task(_hold(fault)))
        finally:
            await asyncio.gather(*mending)
        return strikes

    async def _until_in_the_middle(self, chance: Random) -> None:
        """Of a burst, at any point of what it sets off."""
        while True:
            await self._traffic.until_busy(BUSY)
            await asyncio.sleep(chance.uniform(0, MOMENT))
            if self._traffic.in_flight:
                return

    def _row(self, name: str, strikes: Sequence[tuple[float, int]], evidence: Evidence) -> Row:
        struck_at = datetime.fromtimestamp(strikes[0][0], UTC)
        orders = list(evidence.books.orders.values())
        statuses = [order["status"] for order in orders]
        return Row(
            fault=name,
            in_flight=tuple(in_flight for _, in_flight in strikes),
            sagas=sum(order["created_at"] < struck_at < order["updated_at"] for order in orders),
            accepted=len(evidence.seen.accepted),
            confirmed=statuses.count("CONFIRMED"),
            cancelled=statuses.count("CANCELLED"),
            failed=evidence.seen.failures,
            outage=evidence.seen.longest_outage,
            recovery=max(0.0, _last_trouble(evidence.seen, orders) - struck_at.timestamp()),
            violations=self._new(violations(evidence)),
        )

    def _new(self, found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Without what an earlier row has already told: some things never heal."""
        new = {
            check: [told for told in sentences if told not in self._known]
            for check, sentences in found.items()
        }
        self._known.update(told for sentences in new.values() for told in sentences)
        return {check: sentences for check, sentences in new.items() if sentences}


async def _hold(fault: Fault) -> None:
    try:
        await asyncio.sleep(fault.seconds)
    finally:
        async with asyncio.timeout(MEND_SECONDS):
            await fault.mend()


def _poisoned(faults: Sequence[Fault]) -> dict[Letter, bool]:
    return {
        letter: arrived
        for fault in faults
        if isinstance(fault, Poison)
        for letter, arrived in fault.poisoned.items()
    }


def _last_trouble(seen: Seen, orders: Sequence[Doc]) -> float:
    """When the last thing went wrong that anybody noticed."""
    prompt = {order.order_id for order in seen.accepted if order.token in PROMPT} - set(seen.cancelled)
    late: list[float] = [
        order["updated_at"].timestamp()
        for order in orders
        if order["order_id"] in prompt
        and (order["updated_at"] - order["created_at"]).total_seconds() > LATE_SECONDS
    ]
    return max([seen.last_trouble, *late])
