"""Looking for sagas that are late. Two instances that find the same one conflict, and one of them finds it done."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence

from aiohttp import web

from services.chassis.background import every
from services.chassis.clock import utcnow
from services.chassis.mongo import DATABASE
from services.chassis.sweep import Sweep
from services.order.settings import Settings
from services.order.use_cases import find_late, wake_sagas

_AT_ONCE = 50


def deadlines(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Wake late sagas for as long as the application lives: declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async def find(resting: Collection[str]) -> list[str]:
            return await find_late(utcnow(), _AT_ONCE, resting)

        async def wake(order_ids: Sequence[str]) -> None:
            await app[DATABASE].transaction(lambda work: wake_sagas(work, order_ids, utcnow()))

        sweep = Sweep("saga deadlines", find, wake)
        async with every("saga deadlines", settings.saga_watch_seconds, sweep.run):
            yield

    return resource
