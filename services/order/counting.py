"""Counting the sagas that are not over, for Prometheus."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web

from services.chassis.background import every
from services.chassis.clock import utcnow
from services.order.documents import StoredOrder
from services.order.metrics import SAGAS
from services.order.oversight import STUCK_AFTER, unfinished
from services.order.saga_schemas import SagasQuery
from services.order.settings import Settings

MOST: Final = 10_000
"""Beyond so many, how many more makes no difference."""


def counting(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Keep the metric up to date for as long as the application lives: declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async def count() -> None:
            stuck_since = utcnow() - app[STUCK_AFTER]
            orders = StoredOrder.get_pymongo_collection()
            found = {
                stuck: await orders.count_documents(
                    unfinished(SagasQuery(stuck=stuck), stuck_since, None), limit=MOST
                )
                for stuck in (False, True)
            }
            SAGAS.labels("stuck").set(found[True])
            SAGAS.labels("going").set(max(0, found[False] - found[True]))

        async with every("saga count", settings.saga_count_seconds, count):
            yield

    return resource
