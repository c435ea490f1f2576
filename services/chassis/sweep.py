"""Sweeps: what has fallen due is found and taken up in batches, by whichever instance looks first."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Final

from aiohttp import web

from observability import metrics
from services.chassis.background import every
from services.chassis.clock import utcnow
from services.chassis.mongo import DATABASE, Work
from services.chassis.singly import all_or_singly

Find = Callable[[Collection[str]], Awaitable[Sequence[str]]]
"""Gives the ids of the next few that are due, without these."""

Take = Callable[[Sequence[str]], Awaitable[object]]

_REST_SECONDS: Final = 30.0
_log = logging.getLogger(__name__)


class Sweep:
    """One kind of thing that falls due. What cannot be taken up rests, so that what is behind it gets its turn."""

    def __init__(self, name: str, find: Find, take: Take) -> None:
        self._name = name
        self._find = find
        self._take = take
        self._resting: dict[str, float] = {}
        # Counted from 0, so that the first one shows as an increase.
        metrics.SWEEP_FAILURES.labels(name)

    async def run(self) -> None:
        """Take up everything that is due now. Raises what `find` does, and when the database is away or busy."""
        seen: set[str] = set()
        # What is still due after it was taken up can wait for the next run.
        while (due := await self._find(self._still_resting())) and not seen.issuperset(due):
            seen.update(due)
            for id, error in await all_or_singly(due, self._take):
                _log.error("%s fails on %s and goes on without it", self._name, id, exc_info=error)
                metrics.SWEEP_FAILURES.labels(self._name).inc()
                self._resting[id] = _now() + _REST_SECONDS

    def _still_resting(self) -> Collection[str]:
        now = _now()
        self._resting = {id: until for id, until in self._resting.items() if until > now}
        return list(self._resting)


def sweeping(
    name: str,
    seconds: float,
    at_once: int,
    find: Callable[[datetime, int, Collection[str]], Awaitable[Sequence[str]]],
    take: Callable[[Work, Sequence[str], datetime], Awaitable[object]],
) -> Callable[[web.Application], AsyncIterator[None]]:
    """A sweep of the database every so many seconds, for as long as the application lives: declare it after `mongo`.

    `find(now, limit, without)` looks for the next few, and `take(work, ids, now)` takes them up in one transaction.
    """

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async def due(resting: Collection[str]) -> Sequence[str]:
            return await find(utcnow(), at_once, resting)

        async def taken_up(ids: Sequence[str]) -> None:
            await app[DATABASE].transaction(lambda work: take(work, ids, utcnow()))

        async with every(name, seconds, Sweep(name, due, taken_up).run):
            yield

    return resource


def _now() -> float:
    return asyncio.get_running_loop().time()
