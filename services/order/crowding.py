"""Taking no more orders than can be ended in time: where sagas lag behind, one more makes all of them too late."""

import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Final

from aiohttp import web

from services.chassis.background import every
from services.chassis.clock import utcnow
from services.order.settings import Settings
from services.order.use_cases import count_lagging

RETRY_SECONDS: Final = 5
"""After so long it is worth to come again."""

_MANY: Final = 10
"""A few that lag behind may have met with something of their own."""

_log = logging.getLogger(__name__)


class Crowd:
    """The sagas under way, and whether they are too many to begin another one: as it was found a moment ago."""

    def __init__(self) -> None:
        self.too_many = False

    def found(self, too_many: bool) -> None:
        """Go by this from now on."""
        if too_many and not self.too_many:
            _log.warning("sagas lag behind, so orders are refused")
        elif self.too_many and not too_many:
            _log.info("sagas have caught up, so orders are taken again")
        self.too_many = too_many


CROWD: Final = web.AppKey("CROWD", Crowd)


def crowding(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Keep an eye on the sagas for as long as the application lives: declare it after `mongo`."""
    time_left = timedelta(seconds=settings.saga_deadline_seconds - settings.saga_lag_seconds)

    async def resource(app: web.Application) -> AsyncIterator[None]:
        crowd = app[CROWD] = Crowd()

        async def look() -> None:
            crowd.found(await count_lagging(utcnow() + time_left, _MANY) >= _MANY)

        async with every("saga crowding", settings.saga_watch_seconds, look):
            yield

    return resource
