"""What is done to messages: real ones are said again, held back, or spoilt."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any, Final
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, HeadersType
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError

from tests.faults.books import Letter
from tests.faults.faults import Fault
from tests.faults.site import Site
from tests.faults.witness import COPIED, EXCHANGES

_MOST_COPIES: Final = 3
_LATEST_COPY: Final = 3.0
_LONGEST_HOLD: Final = 1.5
_HELD_AT_ONCE: Final = 5
_GONE = (AMQPError, ChannelInvalidStateError, ConnectionError, TimeoutError)


class Meddling(Fault):
    """Somebody at the broker, who stops when it goes away.

    What is done to the first message, the second, and so on, is planned; which messages these are is not.
    """

    def __init__(self, name: str, seconds: float, chance: Random) -> None:
        super().__init__(name, seconds)
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()
        self._active = False

    async def aim(self, site: Site) -> None:
        self._broker = site.broker
        self._channel = await self._prepared.enter_async_context(self._broker.channel(_HELD_AT_ONCE))

    def strike(self) -> None:
        self._active = True

    async def mend(self) -> None:
        self._active = False
        while self._tasks:
            await asyncio.wait(self._tasks)
        with suppress(*_GONE):
            await self._prepared.aclose()

    async def _tap(self, hear: Callable[[AbstractIncomingMessage], None]) -> None:
        """Hear everything that is said from now on, as long as this is active."""

        async def listen(message: AbstractIncomingMessage) -> None:
            if self._active and COPIED not in message.headers:
                hear(message)

        queue = await self._channel.declare_queue(exclusive=True)
        for exchange in EXCHANGES:
            await queue.bind(exchange, "#")
        await queue.consume(listen, no_ack=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        async def as_long_as_it_goes() -> None:
            with suppress(*_GONE):
                await work

        task = asyncio.create_task(as_long_as_it_goes())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _put(self, exchange: str, routing_key: str, message: aio_pika.Message) -> None:
        there = self._channel.default_exchange
        if exchange:
            there = await self._channel.get_exchange(exchange, ensure=False)
        await there.publish(message, routing_key, timeout=5)


class Duplicate(Meddling):
    """Every message is said again, once or several times, at once or later."""

    async def aim(self, site: Site) -> None:
        await super().aim(site)
        await self._tap(self._repeat)

    def next_copies(self) -> list[float]:
        """After how many seconds the next message is said again, each time."""
        count = self._chance.randint(1, _MOST_COPIES)
        return [self._chance.uniform(0, _LATEST_COPY) for _ in range(count)]

    def _repeat(self, message: AbstractIncomingMessage) -> None:
        for seconds in self.next_copies():
            self._begin(self._again(message, seconds))

    async def _again(self, message: AbstractIncomingMessage, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._put(message.exchange or "", message.routing_key or "", _copy(message))


class Reorder(Meddling):
    """Some messages are taken out of their queue and put back later, behind others that came after them."""

    async def aim(self, site: Site) -> None:
        await super().aim(site)
        names = {name for queues in self._broker.routes.values() for name in queues}
        self._queues = {name: await self._channel.get_queue(name) for name in sorted(names)}

    def strike(self) -> None:
        super().strike()
        self._begin(self._consume())

    async def mend(self) -> None:
        for name, queue in self._queues.items():
            with suppress(*_GONE):
                await queue.cancel(name)
        await super().mend()

    async def _consume(self) -> None:
        for name, queue in self._queues.items():
            await queue.consume(partial(self._hold, name), consumer_tag=name)

    def next_hold(self) -> float:
        """How many seconds the next message is kept."""
        return self._chance.uniform(0, _LONGEST_HOLD)

    async def _hold(self, queue: str, message: AbstractIncomingMessage) -> None:
        self._begin(self._put_back(queue, message, self.next_hold()))

    async def _put_back(self, queue: str, message: AbstractIncomingMessage, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._put("", queue, _copy(message))
        await message.ack()


class Poison(Meddling):
    """Spoilt copies of real messages are put into the queues that the real ones go to.

    `poisoned` has all of them, and whether they are known to have arrived.
    """

    def __init__(self, name: str, seconds: float, chance: Random) -> None:
        super().__init__(name, seconds, chance)
        self.poisoned: dict[Letter, bool] = {}

    async def aim(self, site: Site) -> None:
        await super().aim(site)
        await self._tap(self._spoil)

    def next_spoiler(self) -> "Spoiler":
        """What is done to the next message in a queue."""
        return self._chance.choice(SPOILERS)

    def _spoil(self, message: AbstractIncomingMessage) -> None:
        for queue in self._broker.routes.get(message.routing_key or "", ()):
            self._begin(self._slip_in(queue, self.next_spoiler()(message)))

    async def _slip_in(self, queue: str, spoilt: aio_pika.Message) -> None:
        letter = queue, spoilt.message_id or ""
        self.poisoned[letter] = False
        await self._put("", queue, spoilt)
        self.poisoned[letter] = True


def _copy(message: AbstractIncomingMessage, **changes: Any) -> aio_pika.Message:
    """A persistent copy that says of itself that it is one."""
    headers: HeadersType = {**message.headers, COPIED: 1}
    fields = {
        "body": message.body,
        "message_id": message.message_id,
        "type": message.type,
        "correlation_id": message.correlation_id,
        "content_type": message.content_type,
        "timestamp": message.timestamp,
        "delivery_mode": aio_pika.DeliveryMode.PERSISTENT,
    }
    return aio_pika.Message(headers=headers, **{**fields, **changes})


def _cut_short(message: AbstractIncomingMessage) -> aio_pika.Message:
    return _copy(message, message_id=uuid4().hex, body=message.body[:-1])


def _emptied(message: AbstractIncomingMessage) -> aio_pika.Message:
    return _copy(message, message_id=uuid4().hex, body=b"{}")


def _misnamed(message: AbstractIncomingMessage) -> aio_pika.Message:
    return _copy(message, message_id=uuid4().hex, type="nobody.knows_this.v1")


def _noise(message: AbstractIncomingMessage) -> aio_pika.Message:
    return _copy(message, message_id=uuid4().hex, body=bytes(range(256)))


Spoiler = Callable[[AbstractIncomingMessage], aio_pika.Message]
SPOILERS: Final[Sequence[Spoiler]] = (_cut_short, _emptied, _misnamed, _noise)
