"""The live part of the application: the feed, the places, and how streams read what they missed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from discovery.config.resilience import Resilience
from gateway.explanation import explaining
from gateway.live.feed import Feed
from gateway.live.looks import Looks
from gateway.live.places import Places
from gateway.live.progress import history
from gateway.redis.subscription import subscriber
from gateway.settings import Settings
from gateway.upstreams.client import Calls
from gateway.upstreams.order import Changes, StatusChange, changes, timeline
from services.chassis.background import background
from services.chassis.config import CONFIGURATION, Configuration

_LONGEST_PAUSE: Final = 60.0
"""Less than the edge lets a stream be idle."""


class Live:
    """What all streams of a process share."""

    def __init__(self, feed: Feed, settings: Settings, configuration: Configuration) -> None:
        self.feed = feed
        self.places = Places(settings.max_streams, settings.max_streams_of_one)
        self.write_seconds = settings.stream_write_seconds
        self.heartbeat_seconds = settings.stream_heartbeat_seconds
        self.retry_seconds = settings.stream_poll_seconds
        self._looks_a_second = settings.stream_looks
        self._configuration = configuration
        self._reads = asyncio.Semaphore(settings.stream_reads)
        self.looks = Looks(self._changes)

    @property
    def pause(self) -> float:
        """How long a stream waits for news before it looks by itself: the more streams there are, the longer."""
        wanted = self.heartbeat_seconds if self.feed.up else self.retry_seconds
        return min(max(wanted, len(self.places) / self._looks_a_second), _LONGEST_PAUSE)

    async def reread(self, calls: Calls, order_id: str) -> tuple[StatusChange, ...]:
        """The order's history. So many streams at once must not keep requests from the order service."""
        async with self._reading(calls) as renewed:
            return history(await timeline(renewed, order_id))

    async def _changes(self, calls: Calls, cursor: str | None) -> Changes:
        async with self._reading(calls) as renewed:
            return await changes(renewed, cursor)

    @asynccontextmanager
    async def _reading(self, calls: Calls) -> AsyncIterator[Calls]:
        # The answer has begun, and nobody reads why any more: it would only grow for as long as the stream lives.
        with explaining():
            async with self._reads:
                yield calls.renewed(self._configuration[Resilience].read_seconds)


LIVE = web.AppKey("LIVE", Live)


def live(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The feed, over a Redis connection of its own, for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async with subscriber(settings) as client:
            feed = Feed(client)
            app[LIVE] = Live(feed, settings, app[CONFIGURATION])
            async with background("live feed", feed.run):
                yield
            await app[LIVE].looks.close()

    return resource


async def end_streams(app: web.Application) -> None:
    """Let every stream end cleanly, so that its client resumes it elsewhere."""
    app[LIVE].feed.close()
