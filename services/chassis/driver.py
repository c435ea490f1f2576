"""A mend of the MongoDB driver, which on Python 3.11 can be left locked for ever by whoever gives up waiting.

It waits for a server or a connection with `asyncio.wait_for`, which up to Python 3.11 makes a task of what it waits
for. When its time is up and the waiter is cancelled in the same moment, that task takes the lock of the whole client
when nobody is left to release it. Python 3.12 waits in place, and so does this.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

import pymongo.lock

T = TypeVar("T")


def mend() -> None:
    """Have the driver wait in place."""
    if sys.version_info < (3, 12):
        pymongo.lock.wait_for = _wait_in_place  # type: ignore[assignment, attr-defined]


async def _wait_in_place(work: Awaitable[T], seconds: float | None) -> T:
    async with asyncio.timeout(seconds):
        return await work
