"""The control plane as one process: Consul's catalogue in, Envoy's configuration out."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from discovery.control_plane.catalog import watched
from discovery.control_plane.codec import Codec
from discovery.control_plane.edges import Edges
from discovery.control_plane.publisher import ROLES, Publisher, publish_all
from discovery.control_plane.server import serving
from discovery.control_plane.settings import Settings
from services.chassis.app import make_service
from services.chassis.background import background
from services.chassis.health import READINESS
from services.chassis.notify import notify


def make_app(settings: Settings) -> web.Application:
    """The health and metrics side of the control plane, with discovery as its resource."""
    app = make_service(settings)
    app.cleanup_ctx.append(discovery(settings))
    return app


def discovery(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Follow Consul and serve Envoys while the application lives; it is ready once there is something to serve."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        codec = Codec.load(settings.xds_descriptors)
        publisher = Publisher(codec)
        edges = Edges(lambda: publisher.snapshots.get("edge"))
        # In place of what this process verifies with itself: it answers for its edges.
        app[READINESS].tell("signing_keys", edges.signing_keys)
        app[READINESS].tell("signing_keys_wait_for", edges.waits_for)
        async with (
            watched(settings.consul_url, settings.jwks_key, settings.config_prefix) as watch,
            serving(publisher, edges, codec, settings.host, settings.xds_port),
            background("publisher", lambda: publish_all(watch.catalogs(), settings, publisher)),
        ):
            notify(f"STATUS=waiting for a first snapshot of what consul at {settings.consul_url} knows")
            await first_snapshots(publisher)

            async def complete() -> None:
                await first_snapshots(publisher)

            app[READINESS].add("snapshot", complete)
            yield

    return resource


async def first_snapshots(publisher: Publisher) -> None:
    """Wait until every role has a snapshot."""
    with publisher.listening() as news:
        while publisher.snapshots.keys() != set(ROLES):
            await news.wait()
            news.clear()
