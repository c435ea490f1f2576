"""The application that every process starts from."""

from aiohttp import web

from observability import tracing
from services.chassis import health, identity, middlewares
from services.chassis.health import READINESS, Readiness
from services.chassis.identity import VERIFIER, Verifier
from services.chassis.settings import ProcessSettings

_LONGEST_HEADER = 128 * 1024


def make_service(settings: ProcessSettings) -> web.Application:
    """An application with health, metrics, tracing, identity and problem documents; add resources and routes."""
    traced = tracing.server_middleware(settings.traces_per_second)
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
    app[READINESS] = Readiness(settings.instance)
    app[VERIFIER] = Verifier()
    app.add_routes(health.routes)
    app.cleanup_ctx.extend([health.watched, identity.identity(settings)])
    return app


def make_runner(app: web.Application, shutdown_seconds: float) -> web.AppRunner:
    """What serves an application: requests in flight may take `shutdown_seconds` to end.

    It takes whatever headers Envoy lets through, so that no client can make it close a connection that Envoy shares,
    and leaves bodies as they came: unpacking them is work that a stranger could ask for.
    """
    return web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=shutdown_seconds,
        handler_cancellation=False,
        auto_decompress=False,
        max_line_size=_LONGEST_HEADER,
        max_field_size=_LONGEST_HEADER,
    )
