"""The operations service: table of contents."""

from aiohttp import web

from services.chassis.app import make_service
from services.chassis.messaging import messaging
from services.chassis.mongo import mongo
from services.operations import config_routes
from services.operations.configuration import stored_configuration
from services.operations.consumers import consumers, dead_letters
from services.operations.counting import counting
from services.operations.documents import AuditEntry, StoredDeadLetter
from services.operations.routes import routes
from services.operations.settings import Settings


def make_app(settings: Settings) -> web.Application:
    """HTTP: dead letters, configuration, flags, audit. Bus: what is told to the audit, every queue of dead letters.
    Background: counting dead letters.
    """
    app = make_service(settings)
    app.cleanup_ctx.extend(
        [
            mongo(settings, [StoredDeadLetter, AuditEntry]),
            messaging(settings, consumers),
            dead_letters,
            counting(settings),
            stored_configuration(settings),
        ]
    )
    app.add_routes(routes)
    app.add_routes(config_routes.routes)
    return app
