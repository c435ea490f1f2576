"""The public signing keys for everybody: told from Consul, so that they can be had while auth is away."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web

from discovery.consul.client import consul_client
from discovery.consul.watch import WATCH_SECONDS, watch_key
from gateway.settings import Settings
from services.chassis.background import background
from services.chassis.errors import Unavailable

# Shorter than a new key is published before it signs.
_HEADERS: Final = {"Cache-Control": "public, max-age=1"}
routes = web.RouteTableDef()


class Published:
    """The JWKS document that auth has published last."""

    def __init__(self) -> None:
        self.document: bytes | None = None


_PUBLISHED = web.AppKey("_PUBLISHED", Published)


@routes.get("/.well-known/jwks.json")
async def jwks(request: web.Request) -> web.Response:
    """The keys that access tokens are signed with."""
    document = request.app[_PUBLISHED].document
    if document is None:
        raise Unavailable("no signing key has been published yet")
    return web.Response(body=document, headers=_HEADERS, content_type="application/json")


def published_keys(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Keep the document up to date for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        published = app[_PUBLISHED] = Published()

        async def follow() -> None:
            async with consul_client(settings.consul_url, connections=1, seconds=WATCH_SECONDS) as client:
                async for document in watch_key(client, settings.jwks_key):
                    published.document = document or published.document

        async with background("published keys", follow):
            yield

    return resource
