"""Redis for what can be done without, limits and the cache: it is not asked while it is away."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from redis.asyncio import Redis

from gateway.breaker import Breaker, Tolerance
from gateway.redis.reach import reached
from gateway.settings import Settings
from services.chassis.redis import REDIS

_TOLERANCE: Final = Tolerance(failures=3, seconds=1.0)


class Store:
    """A Redis that is guarded by a time-out, in seconds, and a breaker."""

    def __init__(self, client: Redis, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._breaker = Breaker("redis", lambda: _TOLERANCE)

    @property
    def away(self) -> bool:
        """Whether asking is pointless for now: for who would have to queue for it."""
        return self._breaker.refusing

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[Redis]:
        """The client. Raises Unavailable when Redis fails, takes too long, or has done so too often just now."""
        with self._breaker.attempt():
            async with reached(self._client, self._seconds) as client:
                yield client


STORE = web.AppKey("STORE", Store)


def store(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The guarded Redis: declare it after `redis`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        app[STORE] = Store(app[REDIS], settings.store_seconds)
        yield

    return resource
