"""Letting reservations lapse. Two instances that find the same one conflict, and one of them finds it gone."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Final

from aiohttp import web

from services.chassis.background import every
from services.chassis.clock import utcnow
from services.chassis.mongo import DATABASE
from services.chassis.sweep import Sweep
from services.inventory.settings import Settings
from services.inventory.use_cases import expire_reservations, find_lapsed

_AT_ONCE: Final = 100


def expiry(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Look for lapsed reservations for as long as the application lives: declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async def find(resting: Collection[str]) -> list[str]:
            return await find_lapsed(utcnow(), _AT_ONCE, resting)

        async def expire(order_ids: Sequence[str]) -> None:
            await app[DATABASE].transaction(lambda work: expire_reservations(work, order_ids, utcnow()))

        sweep = Sweep("reservation expiry", find, expire)
        async with every("reservation expiry", settings.expiry_watch_seconds, sweep.run):
            yield

    return resource
