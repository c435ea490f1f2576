"""Background tasks that are owned, and that outlive their failures."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 5.0
_CANCEL_PATIENCE = 5.0


@asynccontextmanager
async def background(name: str, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run `work` beside what is inside, start it again with back-off when it fails, and cancel it at the end."""
    task = asyncio.create_task(_forever(name, work), name=name)
    try:
        yield
    finally:
        # asyncio.wait_for of Python 3.11 can swallow a cancellation that meets its result, so it is said again.
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_PATIENCE)


@asynccontextmanager
async def every(name: str, seconds: float, work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Run `work` every so many seconds; a little earlier or later, so that instances do not march in step."""

    async def rounds() -> None:
        while True:
            await work()
            await asyncio.sleep(seconds * random.uniform(0.8, 1.2))

    async with background(name, rounds):
        yield


async def _forever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    failures = 0
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            await work()
        except Exception:
            _log.exception("%s failed and will be started again", name)
        # A task that ran for a while before it failed begins its back-off anew.
        failures = 1 if loop.time() - started > 2 * _LONGEST_PAUSE else failures + 1
        await asyncio.sleep(min(0.1 * 2**failures, _LONGEST_PAUSE) * random.uniform(0.5, 1.0))
