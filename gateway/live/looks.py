"""Looks at a customer's changes, shared by their sockets that are at the same place and have heard the same."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.upstreams.client import Calls
from gateway.upstreams.order import Changes

Key = tuple[str | None, str | None, int]


class Looks:
    """The looks under way, which outlive those who asked for them."""

    def __init__(self, read: Callable[[Calls, str | None], Awaitable[Changes]]) -> None:
        self._read = read
        self._running: dict[Key, asyncio.Task[Changes]] = {}

    async def look(self, calls: Calls, cursor: str | None, heard: int) -> Changes:
        """What comes behind a cursor, for who has `heard` so much. Raises as reading it does.

        Whoever has heard more needs a look that begins later, and one with another token a look of their own.
        """
        key = calls.headers.get("Authorization"), cursor, heard
        if (task := self._running.get(key)) is None:
            task = self._running[key] = asyncio.create_task(self._reading(calls, cursor))
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End those that are still under way."""
        running = [*self._running.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _reading(self, calls: Calls, cursor: str | None) -> Changes:
        return await self._read(calls, cursor)

    def _ended(self, key: Key, task: asyncio.Task[Changes]) -> None:
        del self._running[key]
        if not task.cancelled():
            # Nobody may be waiting for it any more.
            task.exception()
