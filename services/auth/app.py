"""The auth service: table of contents."""

from aiohttp import web

from services.auth.documents import StoredAccount, StoredGuesses, StoredKey, StoredSession
from services.auth.passwords import passwords
from services.auth.rotation import signing_keys
from services.auth.routes import routes
from services.auth.settings import Settings
from services.auth.tokens import tokens
from services.chassis.app import make_service
from services.chassis.messaging import Consumers, messaging
from services.chassis.mongo import mongo

DOCUMENTS = (StoredAccount, StoredSession, StoredGuesses, StoredKey)


def make_app(settings: Settings) -> web.Application:
    """HTTP: register, login, refresh, logout, account, keys. Bus: says who registered. Background: rotating keys."""
    app = make_service(settings)
    app.cleanup_ctx.extend(
        [
            mongo(settings, DOCUMENTS),
            messaging(settings, Consumers()),
            passwords(settings),
            signing_keys(settings),
            tokens(settings),
        ]
    )
    app.add_routes(routes)
    return app
