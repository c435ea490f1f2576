"""Letting reservations lapse. Two instances that find the same one conflict, and one of them finds it gone."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

from aiohttp import web

from services.chassis.background import every
from services.chassis.clock import utcnow
from services.chassis.mongo import DATABASE
from services.inventory.settings import Settings
from services.inventory.use_cases import expire_reservations, find_lapsed

_AT_ONCE: Final = 100


def expiry(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Look for lapsed reservations for as long as the application lives: declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async def sweep() -> None:
            now = utcnow()
            while lapsed := await find_lapsed(now, _AT_ONCE):
                await app[DATABASE].transaction(partial(expire_reservations, order_ids=lapsed, now=now))

        async with every("reservation expiry", settings.expiry_watch_seconds, sweep):
            yield

    return resource
