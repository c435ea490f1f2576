"""Calls to providers: made concurrently and outside any transaction; what comes of them is stored in batches.

A call that is lost, with its process or without, is no loss: its intent falls due and is taken up by whoever sees it.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiohttp import web
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from services.chassis.background import every
from services.chassis.batches import Batches
from services.chassis.clock import utcnow
from services.chassis.mongo import DATABASE
from services.chassis.sweep import Sweep
from services.payment.domain import Call
from services.payment.metrics import PROVIDER_CALL_SECONDS
from services.payment.providers.port import Outcome, PaymentProvider, ProviderError
from services.payment.settings import Settings
from services.payment.use_cases import Result, find_due, take_results, take_up

_BATCH: Final = 100
_TRIES: Final = 4
_log = logging.getLogger(__name__)


class Calls:
    """The calls that this process is making."""

    def __init__(
        self, app: web.Application, providers: Mapping[str, PaymentProvider], settings: Settings
    ) -> None:
        self._app = app
        self._providers = providers
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: Batches[Result, None] = Batches("payment results", self._store, _BATCH)
        self._sweep = Sweep("payment sweep", self._find_due, self._take_up)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Make calls while inside; at the end those in flight may finish."""
        sweep_seconds = self._settings.sweep_seconds
        async with self._results.running():
            async with every("payment sweep", sweep_seconds, self._sweep.run):
                yield
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.provider_call_seconds):
                    while self._tasks:
                        await asyncio.wait(self._tasks)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def _room(self) -> int:
        """How many more calls may be in flight."""
        return max(0, self._settings.provider_max_calls - len(self._tasks))

    def begin(self, calls: Sequence[Call]) -> None:
        """Make these calls, as far as there is room; the others fall due."""
        for call in calls:
            if not self._room:
                _log.warning("too many calls to providers are in flight; some wait")
                return
            task = asyncio.create_task(self._make(call))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("a call was made in vain and falls due again", exc_info=error)

    async def _make(self, call: Call) -> None:
        started = time.perf_counter()
        outcome = await self._ask(call)
        named = outcome.value if outcome else "none"
        PROVIDER_CALL_SECONDS.labels(call.terms.provider, call.operation, named).observe(
            time.perf_counter() - started
        )
        await self._results.submit((call, outcome))

    async def _ask(self, call: Call) -> Outcome | None:
        """One attempt, in which what the provider fails at is tried again at once. None when no answer came."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(ProviderError),
            wait=wait_exponential_jitter(multiplier=0.05, max=1.0, jitter=0.05),
            stop=stop_after_attempt(_TRIES),
            reraise=True,
        )
        try:
            async with asyncio.timeout(self._settings.provider_call_seconds):
                return await retrying(_send, self._providers[call.terms.provider], call)
        except (ProviderError, TimeoutError) as error:
            fields = {"payment_id": call.payment_id, "attempt": call.attempts}
            _log.warning("no answer to %s: %s", call.operation, type(error).__name__, extra=fields)
            return None

    async def _store(self, results: Sequence[Result]) -> list[None]:
        await self._app[DATABASE].transaction(lambda work: take_results(work, results, utcnow()))
        return [None] * len(results)

    async def _find_due(self, resting: Collection[str]) -> list[str]:
        room = min(self._room, _BATCH)
        return await find_due(utcnow(), room, resting) if room else []

    async def _take_up(self, payment_ids: Sequence[str]) -> None:
        await self._app[DATABASE].transaction(lambda work: take_up(work, payment_ids, utcnow()))


async def _send(provider: PaymentProvider, call: Call) -> Outcome:
    match call.operation:
        case "authorize":
            return await provider.authorize(call.key, call.payment_id, call.terms.amount, call.terms.token)
        case "capture":
            return await provider.capture(call.key, call.payment_id, call.terms.amount)
        case "void":
            return await provider.void(call.key, call.payment_id)
        case "refund":
            return await provider.refund(call.key, call.payment_id, call.terms.amount)
