"""The product service: table of contents."""

from aiohttp import web

from services.chassis.app import make_service
from services.chassis.messaging import Consumers, messaging
from services.chassis.mongo import mongo
from services.product.documents import StoredCategory, StoredProduct
from services.product.routes import routes
from services.product.settings import Settings


def make_app(settings: Settings) -> web.Application:
    """HTTP: list, search, read, write. Bus: says what changed; listens to nothing."""
    app = make_service(settings)
    app.cleanup_ctx.extend(
        [
            mongo(settings, [StoredProduct, StoredCategory]),
            messaging(settings, Consumers()),
        ]
    )
    app.add_routes(routes)
    return app
