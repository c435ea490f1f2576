"""The highest rate of orders at which no backlog of unfinished sagas builds up."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean

from tests.benchmarks import sagas
from tests.benchmarks.load import Load, Outcome, Steady, under
from tests.benchmarks.platform import Platform
from tests.benchmarks.rounds import Effort

FIRST, RESOLUTION = 50.0, 25.0
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
    """Double the rate until it is too high, then halve the distance to the last that was not; all the steps."""
    steps: list[Step] = []
    rate, low, high = FIRST, 0.0, inf
    while high - low > RESOLUTION:
        step = await _step(platform, orders, Steady(rate, effort.seconds(SECONDS)))
        steps.append(step)
        low, high = (rate, high) if step.sustained else (low, rate)
        rate = 2 * low if high == inf else (low + high) / 2
    return steps


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
