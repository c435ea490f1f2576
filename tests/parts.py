"""A corner of the real parts for one test: its own database, its own virtual host, its own keys in Consul."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel
from aiohttp import ClientSession, encode_basic_auth
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from discovery.consul.client import consul_client
from scripts.layout import Layout
from scripts.native import rabbitmq
from scripts.secrets import Secrets
from services.chassis.envelope import new_id
from services.chassis.settings import ProcessSettings
from services.contracts.message import Message
from services.contracts.topology import QUEUES, Queue

S = TypeVar("S", bound=ProcessSettings)
T = TypeVar("T")
PATIENCE = 15.0
"""Seconds that anything in a test may take to come about."""
_LONGEST_LOOK = 0.1


async def eventually(look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until `look` (a function or coroutine function) gives something true, and return it.

    A moment in which the machine stands still is not counted.
    """
    loop, waited = asyncio.get_running_loop(), 0.0
    while True:
        began = loop.time()
        found = look()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if waited > seconds:
            raise AssertionError(f"{look} did not come true within {seconds:g} s; last seen: {found!r}")
        await asyncio.sleep(0.01)
        waited += min(loop.time() - began, _LONGEST_LOOK)


@dataclass(frozen=True)
class Corner:
    """What one test has to itself, and how a service is told of it."""

    name: str
    layout: Layout
    root_password: str
    amqp_url: str
    mongo: AsyncMongoClient[dict[str, Any]]
    channel: AbstractRobustChannel

    def settings(self, settings: type[S], **changes: Any) -> S:
        """Settings of a service that lives in this corner. Its database is named after it."""
        service = settings.model_fields["service"].default
        environment = {
            "mongodb_url": self.mongodb_url(service),
            "amqp_url": self.amqp_url,
            "redis_url": self.redis_url,
            "redis_prefix": f"{self.name}:",
            "consul_url": self.layout.url("consul"),
            "jwks_key": f"{self.name}/jwks",
            "config_prefix": f"{self.name}/config/",
            "flags_prefix": f"{self.name}/flags/",
            "rate_limit_scale": 1000.0,
            "drain_seconds": 0.0,
            "retry_delays": (0.1, 0.2, 0.3),
            "relay_lease_seconds": 1.0,
        }
        known = {name: value for name, value in environment.items() if name in settings.model_fields}
        return settings(**{**known, **changes})

    @property
    def redis_url(self) -> str:
        """The URL of Redis, which all corners share; `name` begins the keys of this one."""
        return f"redis://{self.layout.address('redis')}/0"

    def mongodb_url(self, service: str) -> str:
        """The URL of a service's database in this corner."""
        address = self.layout.address("mongodb")
        return f"mongodb://root:{self.root_password}@{address}/{self.name}_{service}?authSource=admin&replicaSet=rs0"

    def db(self, service: str) -> AsyncDatabase[dict[str, Any]]:
        """A service's database, to look into."""
        return self.mongo.get_database(f"{self.name}_{service}")

    async def say(self, *messages: Message, times: int = 1) -> None:
        """Publish messages as another service would; each `times` times with the same id."""
        for message in messages:
            await self.put(
                message.exchange, message.kind, message.model_dump_json().encode(), message.kind, times
            )

    async def put(self, exchange: str, routing_key: str, body: bytes, kind: str, times: int = 1) -> str:
        """Publish any bytes; returns the message id."""
        target = (
            await self.channel.get_exchange(exchange, ensure=False)
            if exchange
            else self.channel.default_exchange
        )
        message_id = new_id()
        message = aio_pika.Message(
            body, message_id=message_id, type=kind, correlation_id="test", timestamp=datetime.now(UTC)
        )
        for _ in range(times):
            await target.publish(message, routing_key)
        return message_id

    async def store(self, key: str, value: bytes) -> None:
        """Write a key of this corner into Consul, by hand."""
        async with consul_client(self.layout.url("consul")) as client:
            assert await client.kv.put(f"{self.name}/{key}", value)

    async def listen(self, queue: Queue) -> "Listener":
        """Take what is routed to a queue, in place of the service that owns it."""
        return await Listener.of(self.channel, queue.name)

    async def depth(self, queue: str) -> int:
        """How many messages wait in a queue."""
        # Declared by name, a queue that the channel knows is answered from memory, with the depth it had then.
        known = await self.channel.get_queue(queue)
        return (await known.declare()).message_count or 0

    async def dead_letters(self, service: str) -> "Listener":
        """Take a service's dead letters."""
        return await Listener.of(self.channel, f"{service}.dead-letters")


class Listener:
    """What arrives in a queue, in order."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._models = {message.kind: message for queue in QUEUES for message in queue.messages}

    @classmethod
    async def of(cls, channel: AbstractRobustChannel, queue: str) -> "Listener":
        """Listen to a queue that exists."""
        listener = cls()
        source = await channel.get_queue(queue)
        await source.consume(listener._arrived.put, no_ack=True)
        return listener

    async def raw(self, seconds: float = PATIENCE) -> AbstractIncomingMessage:
        """The next one as it came."""
        async with asyncio.timeout(seconds):
            return await self._arrived.get()

    async def next(self, model: type[T], seconds: float = PATIENCE) -> T:
        """The next one, which must be of this kind."""
        incoming = await self.raw(seconds)
        message = self._models[incoming.type or ""].model_validate_json(incoming.body)
        assert isinstance(message, model), (
            f"expected {model.__name__}, got {incoming.type} {json.loads(incoming.body)}"
        )
        return message

    @property
    def waiting(self) -> int:
        """How many arrived and were not looked at."""
        return self._arrived.qsize()


@asynccontextmanager
async def corner(layout: Layout, secrets: Secrets, name: str) -> AsyncIterator[Corner]:
    """A fresh corner; it is cleared away at the end."""
    amqp_url = f"amqp://{rabbitmq.USER}:{secrets.rabbitmq}@{layout.address('rabbitmq')}/{name}"
    root = (
        f"mongodb://root:{secrets.mongodb_root}@{layout.address('mongodb')}/?authSource=admin&replicaSet=rs0"
    )
    management = ClientSession(
        layout.url("rabbitmq_management"),
        headers={"Authorization": encode_basic_auth(rabbitmq.USER, secrets.rabbitmq)},
        raise_for_status=True,
    )
    async with management, AsyncMongoClient[dict[str, Any]](root, tz_aware=True) as mongo:
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        await management.put(f"/api/vhosts/{name}", json={})
        await management.put(f"/api/permissions/{name}/{rabbitmq.USER}", json=everything)
        async with await aio_pika.connect_robust(amqp_url) as connection:
            channel = await connection.channel()
            assert isinstance(channel, AbstractRobustChannel)
            yield Corner(name, layout, secrets.mongodb_root, amqp_url, mongo, channel)
        await management.delete(f"/api/vhosts/{name}")
        for database in await mongo.list_database_names():
            if database.startswith(f"{name}_"):
                await mongo.drop_database(database)
