"""Consuming a queue as it is: whatever lies in it, readable or not, is acknowledged once it is kept elsewhere.

What cannot be kept is held and tried again, beside what arrives meanwhile. Nothing goes back into the queue: a broker
may count how often that happens, and throw a message away.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from aio_pika.abc import AbstractIncomingMessage
from pymongo.errors import ConnectionFailure

from services.chassis.background import background
from services.chassis.bus import Bus
from services.chassis.consumer import GONE, politely
from services.chassis.errors import RetryLater
from services.chassis.singly import all_or_singly

_PAUSE_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came out of `queue`. Its headers may be anything that AMQP can carry."""

    queue: str
    id: str | None
    kind: str | None
    correlation_id: str | None
    headers: Mapping[str, object]
    body: bytes


Keep = Callable[[Sequence[Delivery]], Awaitable[object]]
"""Keeps messages for good. It may get the same ones again."""


class RawConsumer:
    """One queue, one channel. It holds at most `batch_size` messages."""

    def __init__(self, bus: Bus, queue: str, keep: Keep) -> None:
        self._bus = bus
        self._queue = queue
        self._keep = keep
        self._arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._held: list[AbstractIncomingMessage] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Consume while inside; what is in hand at the end, the broker delivers to the next who asks."""
        channel = await self._bus.connection.channel()
        try:
            await channel.set_qos(prefetch_count=self._bus.settings.batch_size)
            source = await channel.get_queue(self._queue)
            await source.consume(self._arrived.put)
            async with background(f"raw consumer {self._queue}", self._consume):
                yield
        finally:
            await politely(channel.close())

    async def _consume(self) -> None:
        while True:
            if not self._held:
                self._held.append(await self._arrived.get())
            # What came over a connection that is gone, the broker delivers again.
            self._held = [incoming for incoming in self._held if not incoming.channel.is_closed]
            while not self._arrived.empty():
                self._held.append(self._arrived.get_nowait())
            self._held = await self._hand_over(self._held)
            if self._held:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _hand_over(self, held: Sequence[AbstractIncomingMessage]) -> list[AbstractIncomingMessage]:
        """Returns those that could not be kept."""
        try:
            failures = await all_or_singly(held, self._keep_them)
        except (RetryLater, ConnectionFailure) as away:
            _log.warning("what is in %s cannot be kept yet: %s", self._queue, away)
            return list(held)
        for incoming, error in failures:
            fields = {"message_id": incoming.message_id}
            _log.error("a message in %s cannot be kept", self._queue, exc_info=error, extra=fields)
        left = [incoming for incoming, _ in failures]
        for incoming in held:
            if incoming not in left:
                with suppress(*GONE):
                    await incoming.ack()
        return left

    async def _keep_them(self, messages: Sequence[AbstractIncomingMessage]) -> None:
        await self._keep([_delivery(self._queue, message) for message in messages])


def _delivery(queue: str, incoming: AbstractIncomingMessage) -> Delivery:
    return Delivery(
        queue, incoming.message_id, incoming.type, incoming.correlation_id, incoming.headers, incoming.body
    )
