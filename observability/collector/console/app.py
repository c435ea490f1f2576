"""The console's application: table of contents."""

from aiohttp import web

from observability.collector.console import figures, instances, operators, page, telemetry
from observability.collector.console.guard import guarded, protect
from observability.collector.database import Readers
from observability.collector.settings import Settings
from services.chassis.middlewares import in_context, refusing

_LONGEST_BODY = 64 * 1024


def make_console(settings: Settings, traces: Readers, logs: Readers) -> web.Application:
    """The page, and what it asks of the stores, Consul, Prometheus, and the admin API in an operator's name."""
    app = web.Application(middlewares=[in_context, refusing, guarded], client_max_size=_LONGEST_BODY)
    app[telemetry.TRACES] = traces
    app[telemetry.LOGS] = logs
    app[instances.CONSUL_URL] = settings.consul_url
    app[page.ASSETS] = settings.console_assets
    app.on_response_prepare.append(protect)
    app.cleanup_ctx.extend(
        [figures.prometheus(settings.prometheus_url), operators.operators(settings.public_url)]
    )
    for routes in (telemetry.routes, figures.routes, instances.routes, operators.routes, page.routes):
        app.add_routes(routes)
    return app
