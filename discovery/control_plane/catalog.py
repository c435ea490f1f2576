"""What the platform consists of at one moment, and how it is followed in Consul."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from consul.aio import Consul

from discovery.consul.client import consul_client
from discovery.consul.watch import WATCH_SECONDS, Endpoint, watch_key, watch_service
from discovery.control_plane import jwks
from discovery.control_plane.policy import POLICIES
from services.chassis.background import background

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The passing instances of every known service, and the keys that sign access tokens (a JWKS document)."""

    endpoints: Mapping[str, tuple[Endpoint, ...]]
    jwks: str


class CatalogWatch:
    """Collects what the single watches see into catalogues."""

    def __init__(self) -> None:
        self._endpoints: dict[str, tuple[Endpoint, ...]] = {}
        self._jwks: str | None = None
        self._changed = asyncio.Event()

    async def catalogs(self) -> AsyncIterator[Catalog]:
        """The first complete catalogue, then the newest after every change; changes in between are one."""
        self._changed.set()
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._jwks is not None and self._endpoints.keys() == POLICIES.keys():
                yield Catalog(dict(self._endpoints), self._jwks)

    async def follow_service(self, client: Consul, name: str) -> None:
        """Keep up with the instances of one service, until cancelled."""
        async for endpoints in watch_service(client, name):
            logger.info(
                "%s has %d instances", name, len(endpoints), extra={"instances": [e.id for e in endpoints]}
            )
            self._endpoints[name] = endpoints
            self._changed.set()

    async def follow_keys(self, client: Consul, key: str) -> None:
        """Keep up with the signing keys, until cancelled. A document that is no good changes nothing."""
        async for document in watch_key(client, key):
            self._jwks = jwks.latest(document, self._jwks)
            self._changed.set()


@asynccontextmanager
async def watched(consul_url: str, jwks_key: str) -> AsyncIterator[CatalogWatch]:
    """A watch on the whole catalogue and on the key of the JWKS, running while the block does."""
    watch = CatalogWatch()
    async with AsyncExitStack() as stack:
        connections = len(POLICIES) + 1
        client = await stack.enter_async_context(
            consul_client(consul_url, connections=connections, seconds=WATCH_SECONDS)
        )
        for name in POLICIES:
            following = background(f"watch {name}", partial(watch.follow_service, client, name))
            await stack.enter_async_context(following)
        await stack.enter_async_context(
            background("watch keys", partial(watch.follow_keys, client, jwks_key))
        )
        yield watch
