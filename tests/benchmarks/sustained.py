"""The highest rate of orders at which no backlog of unfinished sagas builds up."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import fmean

from tests.benchmarks import sagas
from tests.benchmarks.load import Load, Outcome, Steady, under
from tests.benchmarks.platform import Platform
from tests.benchmarks.rounds import Effort

FIRST, LEAST = 50.0, 5.0
CLOSE = 1.2
"""The highest rate is found when the lowest one that is too high is no more than so many times as high."""
SECONDS = 15.0
LOOK_SECONDS = 0.5
# A backlog that grows by less than this share of what arrives is taken for noise.
NOISE = 0.03


@dataclass(frozen=True)
class Step:
    """One rate that was tried: the unfinished sagas every half second, and whether they stayed as many."""

    rate: float
    backlog: Sequence[int]
    outcome: Outcome

    @property
    def sustained(self) -> bool:
        """All were accepted, and in the last third there was no more to do than in the second."""
        third = len(self.backlog) // 3
        middle, end = fmean(self.backlog[third:-third]), fmean(self.backlog[-third:])
        seconds = third * LOOK_SECONDS
        return not self.outcome.failures and end - middle <= NOISE * self.rate * seconds


async def highest_sustained(platform: Platform, orders: Load, effort: Effort) -> list[Step]:
    """All the steps that it took to find it."""
    steps: list[Step] = []
    while rate := next_rate(steps):
        steps.append(await _step(platform, orders, Steady(rate, effort.seconds(SECONDS))))
    return steps


def next_rate(steps: Sequence[Step]) -> float | None:
    """Double the rate until it is too high, or halve it until it is not; then go between. None when it is found."""
    if not steps:
        return FIRST
    low = max((step.rate for step in steps if step.sustained), default=0.0)
    high = min((step.rate for step in steps if not step.sustained), default=inf)
    if high == inf:
        return 2 * low
    if not low:
        return high / 2 if high / 2 >= LEAST else None
    return sqrt(low * high) if high > CLOSE * low else None


async def _step(platform: Platform, orders: Load, how: Steady) -> Step:
    backlog: list[int] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            backlog.append(await sagas.ongoing(platform))

    watching = asyncio.create_task(watch())
    outcome = await under(orders, how)
    watching.cancel()
    await sagas.settled(platform)
    return Step(how.rate, backlog, outcome)
