"""Counting the skus that run short, for Prometheus."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final, get_args

from aiohttp import web

from services.chassis.background import every
from services.inventory.documents import StoredStock
from services.inventory.domain import Shortage
from services.inventory.metrics import SHORT_SKUS
from services.inventory.settings import Settings

MOST: Final = 10_000
"""Beyond so many, how many more makes no difference."""


def counting(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Keep the metric up to date for as long as the application lives: declare it after `mongo`."""

    async def resource(_app: web.Application) -> AsyncIterator[None]:
        async with every("short sku count", settings.count_seconds, count):
            yield

    return resource


async def count() -> None:
    """Set the metric."""
    stock = StoredStock.get_pymongo_collection()
    for shortage in get_args(Shortage):
        SHORT_SKUS.labels(shortage).set(await stock.count_documents(short(shortage), limit=MOST))


def short(shortage: Shortage) -> dict[str, Any]:
    """The skus that run short so, as MongoDB is asked for them."""
    return {"shortage": shortage}
