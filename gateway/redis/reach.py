"""What Redis is asked within a time; and what tells that it is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.chassis.errors import Unavailable

LOST: Final = (RedisError, OSError)
"""What is raised when Redis is lost, or does not answer in time."""


@asynccontextmanager
async def reached(client: Redis, seconds: float) -> AsyncIterator[Redis]:
    """The client. Raises Unavailable when Redis fails, or takes longer than this."""
    try:
        async with asyncio.timeout(seconds):
            yield client
    except LOST as error:
        raise Unavailable("redis does not answer") from error
