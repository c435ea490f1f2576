"""Counting the skus that run short, for Prometheus, and naming them, for whoever reads the log."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from aiohttp import web

from services.chassis.background import every
from services.inventory.documents import StoredStock
from services.inventory.domain import Shortage
from services.inventory.metrics import SHORT_SKUS
from services.inventory.settings import Settings

MOST: Final = 10_000
"""Beyond so many, how many more makes no difference."""
NAMED: Final = 20
"""So many are named at most."""
_LEFT: Final[dict[Shortage, str]] = {"low": "little", "none": "nothing"}
_log = logging.getLogger(__name__)


def counting(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Keep the metric up to date for as long as the application lives: declare it after `mongo`."""

    async def resource(_app: web.Application) -> AsyncIterator[None]:
        async with every("short sku count", settings.count_seconds, Shortages().count):
            yield

    return resource


class Shortages:
    """Sets the metric; the names go to the log when they are others than before."""

    def __init__(self) -> None:
        self._named: dict[Shortage, list[str]] = {shortage: [] for shortage in _LEFT}

    async def count(self) -> None:
        """Look once."""
        stock = StoredStock.get_pymongo_collection()
        for shortage, left in _LEFT.items():
            SHORT_SKUS.labels(shortage).set(await stock.count_documents(short(shortage), limit=MOST))
            found = stock.find(short(shortage), {"_id": 1}).limit(NAMED)
            named = sorted([document["_id"] async for document in found])
            if named and named != self._named[shortage]:
                _log.warning("of these skus %s is left: %s", left, ", ".join(named))
            self._named[shortage] = named


def short(shortage: Shortage) -> dict[str, Any]:
    """The skus that run short so, as MongoDB is asked for them."""
    return {"shortage": shortage}
