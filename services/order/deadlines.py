"""Looking for sagas that are late. Two instances that find the same one conflict, and one of them finds it done."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web

from services.chassis.sweep import sweeping
from services.order.settings import Settings
from services.order.use_cases import find_late, wake_sagas

_AT_ONCE: Final = 50


def deadlines(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Wake late sagas for as long as the application lives: declare it after `mongo`."""
    return sweeping("saga deadlines", settings.saga_watch_seconds, _AT_ONCE, find_late, wake_sagas)
