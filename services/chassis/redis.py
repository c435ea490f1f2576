"""Redis, for what may be lost: caches, counters, live updates."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from observability import metrics
from services.chassis.health import READINESS
from services.chassis.settings import RedisSettings

REDIS = web.AppKey("REDIS", Redis)
_STATE: Final = "db.client.connection.state"


def redis(settings: RedisSettings) -> Callable[[web.Application], AsyncIterator[None]]:
    """A client for as long as the application lives. That Redis is missing is shown, and stops nothing."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        client = Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=settings.redis_timeout_seconds,
            socket_connect_timeout=settings.redis_timeout_seconds,
            max_connections=settings.redis_max_connections,
            retry=Retry(NoBackoff(), 1),
            decode_responses=False,
        )
        async with client:
            app[REDIS] = client
            app[READINESS].add("redis", client.ping, matters=False)
            _measure(client.connection_pool, settings.redis_max_connections)
            yield

    return resource


def _measure(pool: ConnectionPool, limit: int) -> None:
    """Have the pool counted whenever Prometheus asks."""

    def counts() -> dict[str, int]:
        return {str(told[_STATE]): number for number, told in pool.get_connection_count()}

    metrics.POOL_LIMIT.labels("redis").set(limit)
    metrics.REDIS_POOL_CONNECTIONS.labels("open").set_function(lambda: sum(counts().values()))
    metrics.REDIS_POOL_CONNECTIONS.labels("in_use").set_function(lambda: counts()["used"])
