"""Letting reservations lapse. Two instances that find the same one conflict, and one of them finds it gone."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web

from services.chassis.sweep import sweeping
from services.inventory.settings import Settings
from services.inventory.use_cases import expire_reservations, find_lapsed

_AT_ONCE: Final = 100


def expiry(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Look for lapsed reservations for as long as the application lives: declare it after `mongo`."""
    seconds = settings.expiry_watch_seconds
    return sweeping("reservation expiry", seconds, _AT_ONCE, find_lapsed, expire_reservations)
