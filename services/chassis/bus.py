"""RabbitMQ: one connection that comes back by itself, the whole topology, and confirmed publishing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import (
    AbstractExchange,
    AbstractIncomingMessage,
    AbstractRobustChannel,
    AbstractRobustConnection,
    DeliveryMode,
    ExchangeType,
    HeadersType,
)
from aio_pika.connection import make_url
from aio_pika.exceptions import PublishError

from services.chassis.headers import AGGREGATE, CAUSATION_ID, VERSION
from services.chassis.outbox import Row
from services.chassis.settings import BusSettings
from services.chassis.startup import until_available
from services.contracts.message import Command, Event
from services.contracts.topology import DEAD_LETTERS, QUEUES

UNROUTED: Final = "portico.unrouted"
_PUBLISH_SECONDS: Final = 5.0
_CONNECT_FAILURES = (ConnectionError, OSError, TimeoutError, aio_pika.exceptions.AMQPError)
_QUORUM: Final = {
    "x-queue-type": "quorum",
    # A consumer that is killed or frozen again and again must not send healthy messages to the dead letters.
    "x-delivery-limit": 1000,
}


class Unroutable(Exception):
    """The broker has no queue for a message that must reach one."""


class Bus:
    """Publishes with confirms. Consumers open channels of their own."""

    def __init__(
        self, connection: AbstractRobustConnection, channel: AbstractRobustChannel, settings: BusSettings
    ):
        self.connection = connection
        self.settings = settings
        self._channel = channel
        self._exchanges: dict[str, AbstractExchange] = {}

    async def declare(self) -> None:
        """Declare every exchange and queue of the platform, so that no event is lost for want of its reader."""
        await self._declare_exchanges()
        for queue in QUEUES:
            declared = await self._channel.declare_queue(queue.name, durable=True, arguments={**_QUORUM})
            for message in queue.messages:
                await declared.bind(self._exchanges[message.exchange], message.kind)
        for name in DEAD_LETTERS:
            await self._channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
        for delay in self.settings.retry_delays:
            await self._declare_delay(delay)

    async def _declare_exchanges(self) -> None:
        channel = self._channel
        unrouted = await channel.declare_exchange(UNROUTED, ExchangeType.FANOUT, durable=True)
        shown = await channel.declare_queue(
            UNROUTED, durable=True, arguments={"x-max-length": 1000, "x-message-ttl": 86_400_000}
        )
        await shown.bind(unrouted)
        self._exchanges = {
            "": channel.default_exchange,
            Event.exchange: await channel.declare_exchange(
                Event.exchange, ExchangeType.TOPIC, durable=True, arguments={"alternate-exchange": UNROUTED}
            ),
            Command.exchange: await channel.declare_exchange(
                Command.exchange, ExchangeType.TOPIC, durable=True
            ),
        }

    async def _declare_delay(self, seconds: float) -> None:
        """One step of the ladder: what is put in for a queue comes out into that queue when its time is up."""
        name = _delay(seconds)
        self._exchanges[name] = await self._channel.declare_exchange(name, ExchangeType.FANOUT, durable=True)
        queue = await self._channel.declare_queue(
            name,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-message-ttl": int(seconds * 1000),
                "x-dead-letter-exchange": "",
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
        )
        await queue.bind(self._exchanges[name])

    async def publish(self, row: Row) -> None:
        """Publish an outbox row and wait for the confirm. Raises Unroutable, or what the connection raises."""
        headers: HeadersType = {
            "traceparent": row.traceparent,
            AGGREGATE: row.aggregate,
            VERSION: row.version,
        }
        if row.causation_id:
            headers[CAUSATION_ID] = row.causation_id
        message = aio_pika.Message(
            row.body,
            message_id=row.message_id or row.id,
            type=row.kind,
            correlation_id=row.correlation_id,
            timestamp=row.stored_at,
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
            headers={**headers, **(row.headers or {})},
        )
        await self._send(row.exchange, row.queue or row.kind, message)

    async def delay(
        self, incoming: AbstractIncomingMessage, queue: str, seconds: float, headers: HeadersType
    ) -> None:
        """Bring a message back to `queue` after one of the ladder's delays."""
        await self._send(_delay(seconds), queue, _copy(incoming, headers))

    async def put(self, incoming: AbstractIncomingMessage, queue: str, headers: HeadersType) -> None:
        """Put a copy of a message straight into a queue."""
        await self._send("", queue, _copy(incoming, headers))

    async def _send(self, exchange: str, routing_key: str, message: aio_pika.Message) -> None:
        try:
            await self._exchanges[exchange].publish(
                message, routing_key, mandatory=True, timeout=_PUBLISH_SECONDS
            )
        except PublishError as error:
            raise Unroutable(f"{exchange or 'default exchange'} has no queue for {routing_key}") from error

    async def ping(self) -> None:
        """Raises ConnectionError while there is no connection to the broker."""
        if not self.connection.connected.is_set():
            raise ConnectionError("not connected")


def _delay(seconds: float) -> str:
    return f"portico.delay.{int(seconds * 1000)}"


def _copy(incoming: AbstractIncomingMessage, headers: HeadersType) -> aio_pika.Message:
    return aio_pika.Message(
        incoming.body,
        message_id=incoming.message_id,
        type=incoming.type,
        correlation_id=incoming.correlation_id,
        timestamp=incoming.timestamp or datetime.now(UTC),
        content_type=incoming.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        headers={**incoming.headers, **headers},
    )


@asynccontextmanager
async def connected(settings: BusSettings, name: str) -> AsyncIterator[Bus]:
    """A bus with its topology declared; `name` is what the broker's console shows for the connection."""
    url = settings.amqp_url.get_secret_value()
    address = urlsplit(url)

    async def connect() -> AbstractRobustConnection:
        connection = aio_pika.RobustConnection(
            make_url(url, heartbeat=10, reconnect_interval=0.5), client_properties={"connection_name": name}
        )
        # One that is given up on the way would try for ever, on behalf of nobody.
        async with AsyncExitStack() as unfinished:
            unfinished.push_async_callback(connection.close)
            await connection.connect(timeout=5.0)
            unfinished.pop_all()
        return connection

    connection = await until_available(
        f"rabbitmq at {address.hostname}:{address.port}", connect, _CONNECT_FAILURES
    )
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        bus = Bus(connection, channel, settings)
        await bus.declare()
        yield bus
