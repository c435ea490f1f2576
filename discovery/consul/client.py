"""One Consul client: where it connects, how long it waits, how many connections it may hold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from consul.aio import Consul
from consul.exceptions import ConsulException

CALL_SECONDS = 5.0
"""Longest wait for an ordinary answer."""

ERRORS = (ConsulException, aiohttp.ClientError, TimeoutError, OSError)
"""What a call may raise when Consul is missing, restarting, without a leader or too slow."""


@asynccontextmanager
async def consul_client(
    url: str, *, connections: int = 4, seconds: float = CALL_SECONDS
) -> AsyncIterator[Consul]:
    """A client for the agent at `url` (`http://host:port`), closed on exit.

    `connections` bounds its pool: every running watch occupies one for as long as it waits, so
    watches and ordinary calls each want a client of their own.
    """
    address = urlsplit(url)
    client = Consul(
        host=address.hostname,
        port=address.port,
        scheme=address.scheme,
        verify=address.scheme == "https",
        connections_limit=connections,
        connections_timeout=seconds,
    )
    try:
        yield client
    finally:
        await client.close()  # type: ignore[no-untyped-call]
