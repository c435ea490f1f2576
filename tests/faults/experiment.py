"""Faults strike while the shop is busy, and then everything has to come right."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from tests.faults.audit import Auditor
from tests.faults.books import Letter
from tests.faults.evidence import Evidence
from tests.faults.faults import Fault
from tests.faults.invariants import violations
from tests.faults.messages import Poison
from tests.faults.plan import Moment, Plan
from tests.faults.row import Row, Strike
from tests.faults.seen import Seen
from tests.faults.site import Site
from tests.faults.traffic import Traffic

BUSY: Final = 3
"""Requests in flight, at least, when a burst has begun."""
AFTER: Final = 1.0
"""Seconds of traffic after the last fault is mended, at least."""
MEND_SECONDS: Final = 120.0
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Load:
    """How busy the shop is: orders a second, and how many at least."""

    rate: float
    orders: int


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

    async def run(self, plan: Plan) -> Row:
        """Let its faults strike one after the other, and see what comes of it. Raises NotPossible."""
        async with AsyncExitStack() as stack:
            for fault in plan.faults:
                stack.push_async_callback(fault.leave)
            await self._begin(plan.faults)
            return await self._go_through(plan)

    async def _go_through(self, plan: Plan) -> Row:
        since = datetime.now(UTC)
        sending = asyncio.create_task(self._traffic.run(self._load.rate, plan))
        try:
            strikes = await self._suffer(plan)
            calm_at = datetime.now(UTC)
            # There it shows that it is well again.
            await asyncio.sleep(AFTER)
            await self._traffic.until_placed(self._load.orders)
        finally:
            self._traffic.stop()
            await sending
        await self._auditor.settled(self._patience)
        found = await self._auditor.evidence(since, calm_at, self._traffic.seen, _poisoned(plan.faults))
        books = found.books.without(past.books for past in self._past)
        evidence = replace(found, books=books, ahead=max(fault.ahead for fault in plan.faults))
        self._past.append(evidence)
        return Row.of(plan, strikes, evidence, self._new(violations(evidence)))

    async def whole(self) -> dict[str, list[str]]:
        """What is wrong with everything that was ever done, looked at once more and together."""
        poisoned = {letter: arrived for past in self._past for letter, arrived in past.poisoned.items()}
        seen = Seen.together(past.seen for past in self._past)
        now = await self._auditor.evidence(BEGINNING, datetime.now(UTC), seen, poisoned)
        heard = [message for past in (*self._past, now) for message in past.heard]
        ahead = max(past.ahead for past in self._past)
        return self._new(violations(replace(now, heard=heard, ahead=ahead)))

    async def _begin(self, faults: Sequence[Fault]) -> None:
        async with asyncio.timeout(MEND_SECONDS):
            await self._site.ready()
            await self._traffic.sign_in_staff()
            for fault in faults:
                await fault.aim(self._site)
            await self._site.ready()

    async def _suffer(self, plan: Plan) -> list[Strike]:
        """Let each strike at its moment, and mend all of them in the end."""
        strikes: list[Strike] = []
        mending: list[asyncio.Task[None]] = []
        try:
            for fault, moment in zip(plan.faults, plan.moments, strict=True):
                await self._until(moment)
                strikes.append(Strike(datetime.now(UTC), self._traffic.in_flight))
                fault.strike()
                mending.append(asyncio.create_task(_hold(fault, moment.hold)))
        finally:
            await asyncio.gather(*mending)
        return strikes

    async def _until(self, moment: Moment) -> None:
        """In the middle of a burst: when it was over sooner, half as far into the next one."""
        await asyncio.sleep(moment.lead)
        into = moment.into
        while True:
            await self._traffic.until_busy(BUSY)
            await asyncio.sleep(into)
            if self._traffic.in_flight:
                return
            into /= 2

    def _new(self, found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Without what an earlier row has already told: some things never heal."""
        new = {
            check: [told for told in sentences if told not in self._known]
            for check, sentences in found.items()
        }
        self._known.update(told for sentences in new.values() for told in sentences)
        return {check: sentences for check, sentences in new.items() if sentences}


async def _hold(fault: Fault, seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
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
