"""What the platform consists of at one moment, and how it is followed in Consul."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from consul.aio import Consul

from discovery.config.edge import Edge
from discovery.config.following import latest
from discovery.config.section import Section
from discovery.config.traffic import SERVICES, Traffic
from discovery.consul.client import consul_client
from discovery.consul.watch import WATCH_SECONDS, Endpoint, watch_key, watch_service
from discovery.control_plane import jwks
from discovery.control_plane.left_out import LeftOut
from services.chassis.background import background

_SECTIONS: Final[tuple[type[Section], ...]] = (Traffic, Edge)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Catalog:
    """What Envoy's configuration is made of.

    `endpoints` are the instances to be asked of every known service, `jwks` is a document with the keys that sign
    access tokens, `traffic` and `edge` are what operators have configured.
    """

    endpoints: Mapping[str, tuple[Endpoint, ...]]
    jwks: str
    traffic: Traffic
    edge: Edge


class CatalogWatch:
    """Collects what the single watches see into catalogues."""

    def __init__(self) -> None:
        self._endpoints: dict[str, tuple[Endpoint, ...]] = {}
        self._jwks: str | None = None
        self._sections: dict[type[Section], Any] = {}
        self._changed = asyncio.Event()

    async def catalogs(self) -> AsyncIterator[Catalog]:
        """The first complete catalogue, then the newest after every change; changes in between are one."""
        self._changed.set()
        while True:
            await self._changed.wait()
            self._changed.clear()
            if (catalog := self._complete()) is not None:
                yield catalog

    def _complete(self) -> Catalog | None:
        """What is known, once every watch has answered."""
        if self._jwks is None or self._endpoints.keys() != SERVICES.keys():
            return None
        if self._sections.keys() != set(_SECTIONS):
            return None
        return Catalog(dict(self._endpoints), self._jwks, self._sections[Traffic], self._sections[Edge])

    async def follow_service(self, client: Consul, name: str) -> None:
        """Keep up with the instances of one service that Envoy can be told of, until cancelled."""
        async for endpoints in watch_service(client, name, LeftOut(name).without):
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

    async def follow_section(self, client: Consul, section: type[Section], prefix: str) -> None:
        """Keep up with a section of the configuration, until cancelled. One that is no good changes nothing."""
        async for document in watch_key(client, prefix + section.name):
            self._sections[section] = latest(section, document, self._sections.get(section) or section())
            self._changed.set()


@asynccontextmanager
async def watched(consul_url: str, jwks_key: str, config_prefix: str) -> AsyncIterator[CatalogWatch]:
    """A watch on the whole catalogue, the key of the JWKS and the configuration, running while the block does."""
    watch = CatalogWatch()
    followings: dict[str, Callable[[Consul], Awaitable[None]]] = {
        "keys": partial(watch.follow_keys, key=jwks_key),
        **{name: partial(watch.follow_service, name=name) for name in SERVICES},
        **{
            section.name: partial(watch.follow_section, section=section, prefix=config_prefix)
            for section in _SECTIONS
        },
    }
    async with (
        consul_client(consul_url, connections=len(followings), seconds=WATCH_SECONDS) as client,
        AsyncExitStack() as stack,
    ):
        for name, follow in followings.items():
            await stack.enter_async_context(background(f"watch {name}", partial(follow, client)))
        yield watch
