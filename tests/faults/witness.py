"""A witness of all that is said on the bus: a durable queue of the suite's own, bound to everything."""

import asyncio
from dataclasses import dataclass
from typing import Final

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

from tests.faults.broker import Broker

QUEUE: Final = "faults.witness"
EXCHANGES: Final = ("portico.events", "portico.commands")
COPIED: Final = "x-copied-by-faults"
"""The header of messages that the suite itself has put on the bus."""
_AT_ONCE: Final = 500
_READ_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that somebody said, where `cause` is the message that it answers."""

    id: str
    kind: str
    body: bytes
    cause: str
    aggregate: str
    version: int


class Witness:
    """Remembers what is said, through restarts of the broker, until it is asked."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._heard: dict[str, Heard] = {}

    async def begin(self) -> None:
        """Listen from now on."""
        async with self._broker.channel(_AT_ONCE) as channel:
            queue = await _queue(channel)
            for exchange in EXCHANGES:
                await queue.bind(exchange, "#")

    async def recall(self) -> list[Heard]:
        """What was said since the last time, in its order; what was said twice is told once.

        When the broker goes away meanwhile, what was taken from it is told the next time.
        """
        async with self._broker.channel(_AT_ONCE) as channel:
            while count := (await _queue(channel)).declaration_result.message_count or 0:
                await self._take(await _queue(channel), count)
        heard, self._heard = self._heard, {}
        return list(heard.values())

    async def _take(self, queue: AbstractQueue, count: int) -> None:
        """The next `count` messages, which are there."""
        left = count
        complete = asyncio.Event()

        async def take(message: AbstractIncomingMessage) -> None:
            nonlocal left
            if COPIED not in message.headers:
                self._heard.setdefault(message.message_id or "", _heard(message))
            await message.ack()
            left -= 1
            if left <= 0:
                complete.set()

        tag = await queue.consume(take)
        async with asyncio.timeout(_READ_SECONDS):
            await complete.wait()
        await queue.cancel(tag)


async def _queue(channel: AbstractChannel) -> AbstractQueue:
    return await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})


def _heard(message: AbstractIncomingMessage) -> Heard:
    version = message.headers.get("x-version")
    return Heard(
        id=message.message_id or "",
        kind=message.type or "",
        body=message.body,
        cause=str(message.headers.get("x-causation-id", "")),
        aggregate=str(message.headers.get("x-aggregate", "")),
        version=version if isinstance(version, int) else 0,
    )
