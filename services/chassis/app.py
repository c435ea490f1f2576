"""The application that every process starts from."""

from aiohttp import web

from observability import tracing
from services.chassis import health, identity, middlewares
from services.chassis.health import READINESS, Readiness
from services.chassis.identity import VERIFIER, Verifier
from services.chassis.settings import ProcessSettings


def make_service(settings: ProcessSettings) -> web.Application:
    """An application with health, metrics, tracing, identity and problem documents; add resources and routes."""
    traced = tracing.server_middleware()
    app = web.Application(
        middlewares=[
            *([traced] if traced else []),
            middlewares.in_context,
            middlewares.observed,
            middlewares.refusing,
            middlewares.within_deadline,
            middlewares.identified,
        ],
        client_max_size=settings.max_body_bytes,
    )
    app[READINESS] = Readiness()
    app[VERIFIER] = Verifier()
    app.add_routes(health.routes)
    app.cleanup_ctx.extend([health.watched, identity.identity(settings)])
    return app
