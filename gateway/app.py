"""The gateway: table of contents."""

from aiohttp import web

from discovery.config.caching import Caching
from discovery.config.edge import Edge
from discovery.config.limits import Limits
from discovery.config.resilience import Resilience
from gateway import keys
from gateway.cache.resource import cache
from gateway.consumers import consuming
from gateway.edge import explain, limits, load, versions
from gateway.graphql.endpoint import ENDPOINT as GRAPHQL
from gateway.graphql.endpoint import graphql
from gateway.live.resource import end_streams, live
from gateway.live.tickets import tickets
from gateway.openapi import site
from gateway.redis.store import store
from gateway.settings import Settings
from gateway.upstreams.client import upstreams
from gateway.versions import PUBLISHED
from services.chassis.app import make_service
from services.chassis.config import configuration
from services.chassis.flags import flags
from services.chassis.redis import redis


def make_app(settings: Settings) -> web.Application:
    """HTTP: the public API, its documentation, and the keys of its tokens. Bus: news of orders, for live streams."""
    app = make_service(settings)
    app.middlewares.extend([explain.explained, load.within_capacity, limits.within_limits])
    app.on_response_prepare.extend(
        [load.give_up_place, limits.tell_limits, versions.tell_succession, explain.tell_explanation]
    )
    app.cleanup_ctx.extend(
        [
            configuration(settings, Resilience, Limits, Caching, Edge),
            flags(settings),
            upstreams(settings),
            keys.published_keys(settings),
            redis(settings),
            store(settings),
            tickets(settings),
            cache(settings),
            graphql(settings),
            load.load,
            limits.limiting(settings),
            live(settings),
            consuming(settings),
        ]
    )
    app.on_shutdown.append(end_streams)
    app.add_routes(keys.routes)
    app.add_routes(site.routes)
    app.add_routes(one.endpoint.route(one.version.prefix) for one in PUBLISHED)
    app.add_routes([GRAPHQL.route("")])
    return app
