"""Looking for sagas that are late. Two instances that find the same one conflict, and one of them finds it done."""

from collections.abc import AsyncIterator, Callable
from functools import partial

from aiohttp import web

from services.chassis.background import every
from services.chassis.clock import utcnow
from services.chassis.mongo import DATABASE
from services.order.settings import Settings
from services.order.use_cases import find_late, wake_sagas

_AT_ONCE = 50


def deadlines(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Wake late sagas for as long as the application lives: declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async def wake() -> None:
            now = utcnow()
            while late := await find_late(now, _AT_ONCE):
                await app[DATABASE].transaction(partial(wake_sagas, order_ids=late, now=now))

        async with every("saga deadlines", settings.saga_watch_seconds, wake):
            yield

    return resource
