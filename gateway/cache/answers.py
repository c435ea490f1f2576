"""Getting an answer from the cache, or into it: one fetch at a time for each key, in all gateways together."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from discovery.config.caching import Freshness
from gateway.cache.entry import Entry, Fetched, State, judge
from gateway.cache.local import Local
from gateway.cache.news import News
from gateway.cache.shared import Found, Shared
from services.chassis.errors import Refusal, RetryLater, Unavailable

Fetch = Callable[[], Awaitable[Fetched]]
_log = logging.getLogger(__name__)


class Verdict(Enum):
    """Where an answer came from."""

    HIT = "hit"
    STALE = "stale"
    SPARE = "spare"
    MISS = "miss"
    BYPASS = "bypass"


@dataclass(frozen=True, slots=True)
class Answer:
    """An entry with where it came from; `age` in seconds. `joined` says that somebody else's fetch was waited for."""

    entry: Entry
    verdict: Verdict
    age: float = 0.0
    fresh: float = 0.0
    kept: bool = False
    joined: bool = False

    @property
    def status(self) -> str:
        """The Cache-Status of RFC 9211."""
        collapsed = "; collapsed" if self.joined else ""
        ttl = f"; ttl={math.floor(self.fresh - self.age)}"
        match self.verdict:
            case Verdict.HIT:
                return f"portico; hit{ttl}{collapsed}"
            case Verdict.STALE:
                return f"portico; hit{ttl}; detail=stale-while-revalidate{collapsed}"
            case Verdict.SPARE:
                return f"portico; hit{ttl}; detail=stale-if-error{collapsed}"
            case Verdict.MISS:
                return f"portico; fwd=miss{'; stored' if self.kept else ''}{collapsed}"
            case Verdict.BYPASS:
                return "portico; fwd=bypass"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the cache. `fetch` gets it from its source within `seconds`, on behalf of nobody."""

    key: str
    freshness: Freshness
    seconds: float
    fetch: Fetch


class Answers:
    """The cache as endpoints use it. It owns the fetches under way, which outlive those who asked for them."""

    def __init__(self, shared: Shared, local: Local, news: News) -> None:
        self._shared = shared
        self._local = local
        self._news = news
        self._flights: dict[str, asyncio.Task[Answer]] = {}
        self._renewals: dict[str, asyncio.Task[Answer]] = {}

    async def get(self, wanted: Wanted) -> Answer:
        """An answer. Raises what fetching it raises, when there is no spare one."""
        return replace(await self._get(wanted), fresh=wanted.freshness.fresh)

    async def _get(self, wanted: Wanted) -> Answer:
        near = self._local.get(wanted.key, wanted.freshness, _now())
        if near is None:
            return await self._flight(wanted)
        entry, age, state = near
        if state is State.FRESH:
            return Answer(entry, Verdict.HIT, age)
        self._renew_meanwhile(wanted)
        return Answer(entry, Verdict.STALE, age)

    async def close(self) -> None:
        """End the fetches that are still under way."""
        running = [*self._flights.values(), *self._renewals.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _flight(self, wanted: Wanted) -> Answer:
        """The one search for this key that this gateway has under way."""
        if (running := self._flights.get(wanted.key)) is not None:
            return replace(await asyncio.shield(running), joined=True)
        task = _started(self._flights, wanted.key, self._look(wanted))
        return await asyncio.shield(task)

    def _renew_meanwhile(self, wanted: Wanted, found: Found | None = None) -> None:
        if wanted.key not in self._renewals:
            _started(self._renewals, wanted.key, self._renew(wanted, found))

    async def _look(self, wanted: Wanted) -> Answer:
        """From Redis, or from its source."""
        with self._news.awaiting(wanted.key) as settled:
            try:
                found = await self._seen(wanted)
                state = _state(wanted, found)
                if found.entry is not None and state is State.STALE:
                    if found.fetch:
                        self._renew_meanwhile(wanted, found)
                    return Answer(found.entry, Verdict.STALE, found.age)
                if not found.fetch and state is not State.FRESH:
                    found = await self._after(settled, wanted)
            except Unavailable:
                return Answer(Entry.of(await wanted.fetch(), 0), Verdict.MISS)
        if found.entry is not None and _state(wanted, found) is State.FRESH:
            return Answer(found.entry, Verdict.HIT, found.age)
        return await self._fetched(wanted, found)

    async def _renew(self, wanted: Wanted, found: Found | None) -> Answer:
        """What is stale, anew, unless another gateway has done so or is at it."""
        found = found or await self._seen(wanted)
        if found.fetch or found.entry is None:
            return await self._fetched(wanted, found)
        return Answer(found.entry, Verdict.HIT, found.age)

    async def _seen(self, wanted: Wanted) -> Found:
        found = await self._shared.look(wanted.key, wanted.freshness, wanted.seconds)
        if found.entry is not None and found.valid:
            self._local.put(wanted.key, found.entry, found.age, _now())
        return found

    async def _after(self, settled: asyncio.Event, wanted: Wanted) -> Found:
        """What there is after the fetch of another gateway, which may be dead by now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wanted.seconds / 2):
                await settled.wait()
        return await self._seen(wanted)

    async def _fetched(self, wanted: Wanted, found: Found) -> Answer:
        """From its source; when that is away, what is spare."""
        kept = False
        try:
            fetched = await wanted.fetch()
            entry = Entry.of(fetched, found.born)
            kept = fetched.complete and await self._keep(wanted, entry)
            return Answer(entry, Verdict.MISS, kept=kept)
        except RetryLater:
            if found.entry is None or _state(wanted, found) is State.GONE:
                raise
            return Answer(found.entry, Verdict.SPARE, found.age)
        finally:
            if not kept:
                with suppress(Unavailable):
                    await self._shared.give_up(wanted.key)

    async def _keep(self, wanted: Wanted, entry: Entry) -> bool:
        try:
            kept = await self._shared.keep(wanted.key, entry, wanted.freshness)
        except Unavailable:
            return False
        if kept:
            self._local.put(wanted.key, entry, 0.0, _now())
        return kept


def _state(wanted: Wanted, found: Found) -> State:
    return judge(found.age, wanted.freshness, valid=found.valid) if found.entry else State.GONE


def _started(
    tasks: dict[str, asyncio.Task[Answer]], key: str, work: Coroutine[Any, Any, Answer]
) -> asyncio.Task[Answer]:
    """A task that is among `tasks` while it runs."""
    task = tasks[key] = asyncio.create_task(work, name=f"fetch {key}")

    def ended(_: asyncio.Task[Answer]) -> None:
        del tasks[key]
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Refusal):
            # Nobody may be waiting for it any more.
            _log.error("%s could not be fetched", key, exc_info=error)

    task.add_done_callback(ended)
    return task


def _now() -> float:
    return asyncio.get_running_loop().time()
