"""What the gateways tell each other of the cache: what is invalid, and whose fetch has ended."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis

from gateway.cache.local import Local
from gateway.redis.reach import LOST
from gateway.redis.subscription import RECONNECT_SECONDS, heard

_log = logging.getLogger(__name__)


class _Invalidation(BaseModel):
    at: int
    tags: tuple[str, ...]


class News:
    """One subscription, which keeps the local part honest and wakes whoever waits for another gateway's fetch."""

    def __init__(self, client: Redis, channels: tuple[str, str], local: Local) -> None:
        self._client = client
        self._invalidated, self._settled = channels
        self._local = local
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def awaiting(self, key: str) -> Iterator[asyncio.Event]:
        """An event that is set when a fetch of this key has ended somewhere."""
        event = asyncio.Event()
        events = self._waiting.setdefault(key, set())
        events.add(event)
        try:
            yield event
        finally:
            events.discard(event)
            if not events:
                self._waiting.pop(key, None)

    async def run(self) -> None:
        """Listen for ever; whenever Redis is lost, subscribe anew."""
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    await pubsub.subscribe(self._invalidated, self._settled)
                    async for message in heard(pubsub, asyncio.Lock()):
                        self._take(message["type"], (message["channel"] or b"").decode(), message["data"])
            except LOST as error:
                _log.warning("the cache is without redis: %s", error)
            finally:
                self._local.deafen()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _take(self, kind: str, channel: str, data: bytes) -> None:
        match kind, channel:
            case "subscribe", self._invalidated:
                self._local.listen()
            case "message", self._invalidated:
                self._invalidate(data)
            case "message", self._settled:
                for event in self._waiting.get(data.decode(), ()):
                    event.set()

    def _invalidate(self, data: bytes) -> None:
        try:
            invalidation = _Invalidation.model_validate_json(data)
        except ValidationError:
            _log.warning("an invalidation cannot be read, so everything is forgotten")
            self._local.listen()
            return
        self._local.invalidate(invalidation.tags, invalidation.at)
