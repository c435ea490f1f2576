"""What MongoDB tells of the writes that are made while something happens."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient

Change = Mapping[str, Any]
# The stream has nothing more to say when it was silent for so long.
SILENCE_MILLISECONDS = 1000


@asynccontextmanager
async def watched(mongo: AsyncMongoClient[dict[str, Any]]) -> AsyncIterator[list[Change]]:
    """A list that holds every change, in order, once the block is left."""
    changes: list[Change] = []
    async with await mongo.watch(max_await_time_ms=SILENCE_MILLISECONDS) as stream:
        yield changes
        while (change := await stream.try_next()) is not None:
            changes.append(change)
