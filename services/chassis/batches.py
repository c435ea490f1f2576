"""Natural batching: what waits together is handled together, and whoever is alone does not wait."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar

from pymongo.errors import ConnectionFailure

from services.chassis.background import background
from services.chassis.errors import Overloaded, RetryLater, Unavailable

T = TypeVar("T")
R = TypeVar("R")

_WAITING: Final = 20
"""How many batches may wait before newcomers are sent away."""


class Batches(Generic[T, R]):
    """Gathers single things for a handler of many.

    One batch is in hand at a time; what comes meanwhile is the next one. `handle` returns an outcome for each, in
    order; an exception among them is raised to whoever asked. When `handle` itself fails, each is tried alone, so that
    one bad thing does not spoil its neighbours; but not when the database is away or busy, the fault of none of them.
    """

    def __init__(
        self, name: str, handle: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]], size: int
    ) -> None:
        self._name = name
        self._handle = handle
        self._size = size
        self._waiting: asyncio.Queue[tuple[T, asyncio.Future[R]]] = asyncio.Queue(_WAITING * size)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Handle while inside; what still waits at the end is sent away."""
        try:
            async with background(self._name, self._work):
                yield
        finally:
            while not self._waiting.empty():
                _settle(self._waiting.get_nowait()[1], Unavailable("this instance is stopping"))

    async def submit(self, thing: T) -> R:
        """What came of it. Raises Overloaded when too much waits already, and whatever the handler makes of it."""
        outcome: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((thing, outcome))
        except asyncio.QueueFull as error:
            raise Overloaded from error
        return await outcome

    async def _work(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < self._size and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            # Whoever has given up in the queue need not be served.
            if wanted := [(thing, outcome) for thing, outcome in batch if not outcome.done()]:
                try:
                    await self._together(wanted)
                finally:
                    for _, outcome in wanted:
                        _settle(outcome, Unavailable("this instance is stopping"))

    async def _together(self, batch: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        things = [thing for thing, _ in batch]
        (results,) = await asyncio.gather(self._handle(things), return_exceptions=True)
        if not isinstance(results, BaseException):
            for (_, outcome), result in zip(batch, results, strict=True):
                _settle(outcome, result)
        elif len(batch) == 1 or isinstance(results, (RetryLater, ConnectionFailure)):
            for _, outcome in batch:
                _settle(outcome, results)
        else:
            for one in batch:
                await self._together([one])


def _settle(outcome: asyncio.Future[R], result: R | BaseException) -> None:
    if outcome.done():
        return
    if isinstance(result, BaseException):
        outcome.set_exception(result)
    else:
        outcome.set_result(result)
