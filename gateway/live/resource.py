"""The live part of the application: the feed, and how streams read what they missed."""

import asyncio
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from discovery.config.resilience import Resilience
from gateway.edge.subscription import subscriber
from gateway.live.feed import Feed
from gateway.live.progress import StatusChange, history
from gateway.settings import Settings
from gateway.upstreams.client import Calls
from gateway.upstreams.order import timeline
from services.chassis.background import background
from services.chassis.config import CONFIGURATION, Configuration


class Live:
    """What all streams of a process share."""

    def __init__(self, feed: Feed, settings: Settings, configuration: Configuration) -> None:
        self.feed = feed
        self.write_seconds = settings.stream_write_seconds
        self._settings = settings
        self._configuration = configuration
        self._reads = asyncio.Semaphore(settings.stream_reads)

    @property
    def pause(self) -> float:
        """How long a stream waits for news before it reads the history."""
        return self._settings.stream_heartbeat_seconds if self.feed.up else self._settings.stream_poll_seconds

    async def reread(self, calls: Calls, order_id: str) -> tuple[StatusChange, ...]:
        """The order's history. So many streams at once must not keep requests from the order service."""
        async with self._reads:
            fresh = calls.renewed(self._configuration[Resilience].read_seconds)
            return history(await timeline(fresh, order_id))


LIVE = web.AppKey("LIVE", Live)


def live(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The feed, over a Redis connection of its own, for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async with subscriber(settings) as client:
            feed = Feed(client, settings.max_streams)
            app[LIVE] = Live(feed, settings, app[CONFIGURATION])
            async with background("live feed", feed.run):
                yield

    return resource


async def end_streams(app: web.Application) -> None:
    """Let every stream end cleanly, so that its client resumes it elsewhere."""
    app[LIVE].feed.close()
