"""The inventory service: table of contents."""

from aiohttp import web

from services.chassis.app import make_service
from services.chassis.messaging import messaging
from services.chassis.mongo import mongo
from services.inventory.consumers import consumers
from services.inventory.counting import counting
from services.inventory.documents import Adjustment, StoredReservation, StoredStock
from services.inventory.expiry import expiry
from services.inventory.routes import routes
from services.inventory.settings import Settings
from services.inventory.warehouse import LOW_STOCK_THRESHOLD


def make_app(settings: Settings) -> web.Application:
    """HTTP: look, adjust. Bus: commands of the saga, changes of products. Background: lapses, shortages."""
    app = make_service(settings)
    app[LOW_STOCK_THRESHOLD] = settings.low_stock_threshold
    app.cleanup_ctx.extend(
        [
            mongo(settings, [StoredStock, StoredReservation, Adjustment]),
            messaging(settings, consumers),
            expiry(settings),
            counting(settings),
        ]
    )
    app.add_routes(routes)
    return app
