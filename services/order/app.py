"""The order service: table of contents."""

from datetime import timedelta

from aiohttp import web

from services.chassis.app import make_service
from services.chassis.group_commit import group_commit
from services.chassis.messaging import messaging
from services.chassis.mongo import mongo
from services.order.consumers import consumers
from services.order.counting import counting
from services.order.crowding import crowding
from services.order.deadlines import deadlines
from services.order.documents import StoredChange, StoredCount, StoredEvent, StoredOrder
from services.order.oversight import STUCK_AFTER
from services.order.routes import PLACING, SAGA_DEADLINE, place_together, routes
from services.order.saga_routes import saga_routes
from services.order.settings import Settings
from services.order.views import CatalogueItem


def make_app(settings: Settings) -> web.Application:
    """HTTP: preview, place, read, cancel. Bus: answers to the saga, changes of products. Background: late sagas."""
    app = make_service(settings)
    app[SAGA_DEADLINE] = timedelta(seconds=settings.saga_deadline_seconds)
    app[STUCK_AFTER] = timedelta(seconds=settings.saga_stuck_seconds)
    app.cleanup_ctx.extend(
        [
            mongo(settings, [StoredEvent, StoredOrder, StoredChange, StoredCount, CatalogueItem]),
            group_commit(PLACING, "order intake", place_together),
            messaging(settings, consumers),
            deadlines(settings),
            crowding(settings),
            counting(settings),
        ]
    )
    app.add_routes([*routes, *saga_routes])
    return app
