"""A Redis subscription that notices when it has gone deaf."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.chassis.settings import RedisSettings

RECONNECT_SECONDS: Final = 0.5
_SILENCE_SECONDS: Final = 5.0


def subscriber(settings: RedisSettings) -> Redis:
    """A client for subscriptions alone, which does not reconnect by itself: what was missed would go unnoticed."""
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=settings.redis_timeout_seconds,
        socket_connect_timeout=settings.redis_timeout_seconds,
        # Without any supported error it never reconnects behind a subscription's back.
        retry=Retry(NoBackoff(), 0, supported_errors=()),
    )


async def heard(pubsub: PubSub, sending: asyncio.Lock) -> AsyncIterator[dict[str, Any]]:
    """Every message. Raises one of `LOST` when Redis is lost, and when it answers nothing any more.

    Commands are sent under `sending`, one at a time.
    """
    silent = False
    while True:
        message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
        if message is not None:
            silent = False
            yield message
        elif silent:
            raise ConnectionError("redis has fallen silent")
        else:
            silent = True
            async with sending:
                await pubsub.ping()
