"""A broadcast "something changed" for tasks of one event loop."""

import asyncio
from collections.abc import Callable


class Changes:
    """Wakes every waiter at each change, so that it can look again."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Tell all waiters that something changed."""
        changed, self._next = self._next, asyncio.Event()
        changed.set()

    def next(self) -> asyncio.Event:
        """Set at the next change from now on: to be taken before looking, so that none is missed."""
        return self._next

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Return once `predicate` holds."""
        while not predicate():
            await self._next.wait()
