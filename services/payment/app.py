"""The payment service: table of contents."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from aiohttp import web

from services.chassis.app import make_service
from services.chassis.messaging import messaging
from services.chassis.mongo import mongo
from services.payment.calls import Calls
from services.payment.consumers import consumers
from services.payment.documents import SeenNotice, StoredPayment
from services.payment.domain import Policy
from services.payment.payments import BEGIN, POLICY
from services.payment.providers.sandbox import sandbox
from services.payment.routes import PROVIDERS, routes
from services.payment.settings import Settings


def make_app(settings: Settings) -> web.Application:
    """HTTP: look, webhooks. Bus: commands of the saga. Background: calls to providers."""
    app = make_service(settings)
    app[POLICY] = _policy(settings)
    app.cleanup_ctx.extend(
        [
            mongo(settings, [StoredPayment, SeenNotice]),
            _providers(settings),
            messaging(settings, consumers),
        ]
    )
    app.add_routes(routes)
    return app


def _policy(settings: Settings) -> Policy:
    return Policy(
        lease=timedelta(seconds=settings.provider_lease_seconds),
        attempts=settings.provider_attempts,
        pause=timedelta(seconds=settings.provider_pause_seconds),
        pending_pause=timedelta(seconds=settings.provider_pending_seconds),
        longest_pause=timedelta(seconds=settings.provider_longest_pause_seconds),
    )


def _providers(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The providers, and the calls to them: declared before `messaging`, which begins calls until it ends."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async with sandbox(app, settings) as provider:
            app[PROVIDERS] = {"sandbox": provider}
            calls = Calls(app, app[PROVIDERS], settings)
            app[BEGIN] = calls.begin
            async with calls.running():
                yield

    return resource
