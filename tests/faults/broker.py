"""What the broker itself knows: its queues, what is routed to them, and what waits in them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractChannel
from aiohttp import ClientSession, ClientTimeout, encode_basic_auth
from yarl import URL

UNROUTED: Final = "portico.unrouted"


@dataclass(frozen=True)
class Broker:
    """RabbitMQ, reached without a proxy. `routes` are the services' queues that each kind of message goes to."""

    url: URL
    queues: Sequence[str]
    routes: Mapping[str, Sequence[str]]

    @asynccontextmanager
    async def channel(self, prefetch: int) -> AsyncIterator[AbstractChannel]:
        """A channel with a connection of its own. Raises AMQPError, ConnectionError, TimeoutError."""
        async with await aio_pika.connect(self.url, timeout=10) as connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch)
            yield channel

    async def waiting(self) -> dict[str, int]:
        """How many messages wait in each queue that has any."""
        async with self.channel(prefetch=1) as channel:
            depths = {name: await _depth(channel, name) for name in self.queues}
        return {name: depth for name, depth in depths.items() if depth}


async def known(amqp_url: str, management_url: str) -> Broker:
    """The broker with the queues that are there now."""
    url = URL(amqp_url)
    authorization = {"Authorization": encode_basic_auth(url.user or "", url.password or "")}
    timeout = ClientTimeout(total=10)
    async with ClientSession(
        management_url, headers=authorization, timeout=timeout, raise_for_status=True
    ) as http:
        queues = [queue["name"] for queue in await _read(http, "/api/queues")]
        bindings = await _read(http, "/api/bindings")
    routes = defaultdict(list)
    for binding in bindings:
        if binding["source"] and binding["destination"] in queues:
            routes[binding["routing_key"]].append(binding["destination"])
    return Broker(url, [name for name in queues if name != UNROUTED], routes)


async def _read(http: ClientSession, path: str) -> list[dict[str, Any]]:
    async with http.get(path) as response:
        answer: list[dict[str, Any]] = await response.json()
        return answer


async def _depth(channel: AbstractChannel, name: str) -> int:
    queue = await channel.declare_queue(name, passive=True)
    return queue.declaration_result.message_count or 0
