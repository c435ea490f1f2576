"""News of orders and of customers between replicas: one Redis subscription for all streams of a process.

Publish/subscribe forgets. So whenever something may have been missed, those who watch are told that,
and read the history.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from gateway.redis.reach import LOST
from gateway.redis.subscription import RECONNECT_SECONDS, heard
from gateway.upstreams.order import StatusChange
from services.chassis.errors import Unavailable

_PULSE: Final = "live:pulse"
"""Subscribed to always, because a connection without any channel is not a subscription."""

_CONFIRM_SECONDS: Final = 1.0
_MAX_NEWS: Final = 32
_log = logging.getLogger(__name__)


def order_channel(order_id: str) -> str:
    """The Redis channel on which news of an order travels."""
    return f"live:order:{order_id}"


def user_channel(user_id: str) -> str:
    """The Redis channel on which news of all orders of a customer travels."""
    return f"live:user:{user_id}"


class Watch:
    """What reaches one stream: changes as they come, and that some may have been missed.

    Streams of one channel that have `heard` the same number have heard the same.
    """

    def __init__(self, number: int) -> None:
        self.heard = number
        self._changes: list[StatusChange] = []
        self._missed = False
        self._woken = asyncio.Event()

    def tell(self, change: StatusChange, number: int) -> None:
        """There is news. What a reader is too slow for it reads in the history."""
        self.heard = number
        if len(self._changes) < _MAX_NEWS:
            self._changes.append(change)
        else:
            self._missed = True
        self._woken.set()

    def miss(self, number: int) -> None:
        """There may have been news."""
        self.heard = number
        self._missed = True
        self._woken.set()

    async def news(self, seconds: float) -> tuple[list[StatusChange], bool]:
        """What came, and whether some may have been missed: after so many seconds of silence, that is assumed."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            self._missed = True
        return self.take()

    def take(self) -> tuple[list[StatusChange], bool]:
        """What has come so far."""
        taken = self._changes, self._missed
        self._changes, self._missed = [], False
        self._woken.clear()
        return taken


@dataclass(slots=True)
class _Topic:
    """The streams that watch one channel, and whether Redis has confirmed the subscription."""

    numbers: Iterator[int]
    watches: set[Watch] = field(default_factory=set)
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, data: bytes) -> None:
        try:
            change = StatusChange.model_validate_json(data)
        except ValidationError:
            _log.warning("a message on a live channel cannot be read")
            self.miss()
            return
        number = next(self.numbers)
        for watch in self.watches:
            watch.tell(change, number)

    def miss(self) -> None:
        number = next(self.numbers)
        for watch in self.watches:
            watch.miss(number)


class Feed:
    """The subscription and those who watch. `up` tells whether news can be expected.

    `client` serves it alone, and must not reconnect by itself: what was missed meanwhile would go unnoticed.
    """

    def __init__(self, client: Redis) -> None:
        self.up = False
        self.closed = False
        self._client = client
        self._numbers = count(1)
        self._topics: dict[str, _Topic] = {}
        self._pubsub: PubSub | None = None
        self._sending = asyncio.Lock()

    @asynccontextmanager
    async def watching(self, name: str) -> AsyncIterator[Watch]:
        """Watch one channel. Whatever comes on it from here on is news, or missed. Raises Unavailable at the end."""
        if self.closed:
            raise Unavailable("no more live streams are taken here", retry_after=2)
        watch = Watch(next(self._numbers))
        topic = self._topics.setdefault(name, _Topic(self._numbers))
        topic.watches.add(watch)
        try:
            await self._subscribe(name, topic)
            watch.take()
            # What it looks at first is newer than whatever others look at already.
            watch.heard = next(self._numbers)
            yield watch
        finally:
            topic.watches.discard(watch)
            if not topic.watches:
                del self._topics[name]
                await self._unsubscribe(name)

    async def run(self) -> None:
        """Receive for ever; whenever Redis is lost, subscribe anew."""
        while True:
            try:
                await self._subscription()
            except LOST as error:
                _log.warning("live updates are without redis: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _subscription(self) -> None:
        async with self._client.pubsub() as pubsub:
            try:
                async with self._sending:
                    self._pubsub = pubsub
                    await pubsub.subscribe(_PULSE, *self._topics)
                await self._receive(pubsub)
            finally:
                self.up, self._pubsub = False, None
                for topic in self._topics.values():
                    topic.confirmed.clear()
                    topic.miss()

    def close(self) -> None:
        """Take no more streams, and wake every one to find that it is over."""
        self.closed = True
        for topic in self._topics.values():
            topic.miss()

    async def _receive(self, pubsub: PubSub) -> None:
        async for message in heard(pubsub, self._sending):
            self._deliver(message)

    def _deliver(self, message: Mapping[str, Any]) -> None:
        name = (message["channel"] or b"").decode()
        if name == _PULSE:
            self.up = True
        topic = self._topics.get(name)
        if topic is None:
            return
        match message["type"]:
            case "subscribe":
                topic.confirmed.set()
                topic.miss()
            case "message":
                topic.tell(message["data"])

    async def _subscribe(self, name: str, topic: _Topic) -> None:
        if topic.confirmed.is_set():
            return
        await self._send(PubSub.subscribe, name)
        if self._pubsub is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CONFIRM_SECONDS):
                    await topic.confirmed.wait()

    async def _unsubscribe(self, name: str) -> None:
        if name not in self._topics:
            await self._send(PubSub.unsubscribe, name)

    async def _send(self, command: Callable[[PubSub, str], Awaitable[None]], name: str) -> None:
        """Send one command at a time. What cannot be sent is not needed: a new subscription has all topics."""
        async with self._sending:
            if self._pubsub is not None:
                with suppress(*LOST):
                    await command(self._pubsub, name)
