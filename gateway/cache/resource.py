"""The cache of one gateway, for as long as it lives."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from gateway.cache.answers import Answers
from gateway.cache.local import Local
from gateway.cache.news import News
from gateway.cache.shared import Shared
from gateway.redis.store import STORE
from gateway.redis.subscription import subscriber
from gateway.settings import Settings
from services.chassis.background import background
from services.chassis.redis import REDIS

ANSWERS = web.AppKey("ANSWERS", Answers)
LOCAL = web.AppKey("LOCAL", Local)
SHARED = web.AppKey("SHARED", Shared)


def cache(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Declare it after `store`. Without Redis everything is fetched."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        shared = app[SHARED] = Shared(app[REDIS], app[STORE], settings.redis_prefix)
        local = app[LOCAL] = Local(settings.cache_local_bytes)
        async with subscriber(settings) as client:
            news = News(client, shared.channels, local)
            answers = app[ANSWERS] = Answers(shared, local, news)
            async with background("news of the cache", news.run):
                yield
                await answers.close()

    return resource
