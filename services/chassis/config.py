"""The configuration that changes while a process runs: its sections as Consul has them, each at its last good value."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final, TypeVar

from aiohttp import web
from consul.aio import Consul

from discovery.config.following import latest
from discovery.config.section import Section
from discovery.consul.client import consul_client
from discovery.consul.watch import WATCH_SECONDS, watch_key
from services.chassis.background import background
from services.chassis.settings import ProcessSettings

S = TypeVar("S", bound=Section)
_FIRST_SECONDS: Final = 2.0
_log = logging.getLogger(__name__)


class Configuration:
    """The sections that a process follows; ask it anew each time, and keep nothing of it."""

    def __init__(self, *sections: type[Section]) -> None:
        self._held: dict[type[Section], Any] = {section: section() for section in sections}
        self._read: set[type[Section]] = set()
        self.complete = asyncio.Event()

    def __getitem__(self, section: type[S]) -> S:
        held: S = self._held[section]
        return held

    async def follow(self, client: Consul, prefix: str, section: type[Section]) -> None:
        """Keep up with one section, until cancelled."""
        async for document in watch_key(client, prefix + section.name):
            self._held[section] = latest(section, document, self._held[section])
            self._read.add(section)
            if self._read == self._held.keys():
                self.complete.set()


CONFIGURATION = web.AppKey("CONFIGURATION", Configuration)


def configuration(
    settings: ProcessSettings, *sections: type[Section]
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Follow these sections while the application lives. Without Consul it starts with the defaults."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        held = app[CONFIGURATION] = Configuration(*sections)
        async with (
            consul_client(settings.consul_url, connections=len(sections), seconds=WATCH_SECONDS) as client,
            AsyncExitStack() as stack,
        ):
            for section in sections:
                follow = partial(held.follow, client, settings.config_prefix, section)
                await stack.enter_async_context(background(f"configuration of {section.name}", follow))
            await _first(held.complete, "the configuration")
            yield

    return resource


async def _first(read: asyncio.Event, what: str) -> None:
    """Wait for the first reading, but not for long."""
    try:
        async with asyncio.timeout(_FIRST_SECONDS):
            await read.wait()
    except TimeoutError:
        _log.warning("consul has not told %s yet, going on with the defaults", what)
