"""Consuming a queue: what has arrived is handled together, what fails is retried with back-off, then laid aside.

Handlers get batches: everything that waits, up to a bound. Alone, a message waits for nothing; after a batch of several
the next one begins `batch_seconds` later at the earliest. When a batch fails, its messages are handled one by one, so
that one bad message does not hold up its neighbours.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel, HeadersType
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, MessageProcessError
from pydantic import ValidationError
from pymongo.errors import ConnectionFailure

from observability import context, metrics
from services.chassis.background import background
from services.chassis.bus import Bus, Unroutable
from services.chassis.envelope import Envelope
from services.chassis.errors import Refusal, RetryLater
from services.chassis.headers import AGGREGATE, ATTEMPTS, DEAD_AT, HISTORY, QUEUE, REASON
from services.chassis.spans import handling
from services.contracts.message import Message
from services.contracts.topology import Queue

Process = Callable[[Sequence[Envelope[Any]]], Awaitable[Sequence[Envelope[Any]]]]
"""Handles a batch and returns those of it that were new."""

_log = logging.getLogger(__name__)
_HISTORY = 10
_AWAY_SECONDS = 0.5
_FAREWELL_SECONDS = 2.0
GONE = (Unroutable, AMQPError, ChannelInvalidStateError, MessageProcessError, ConnectionError, TimeoutError)
"""What is raised when the broker, or its way of knowing a message, is not there."""


class Incomprehensible(Exception):
    """A message that no retry will make readable."""


class Consumer:
    """One queue, one channel, one batch at a time."""

    def __init__(self, bus: Bus, queue: Queue, process: Process) -> None:
        self._bus = bus
        self._queue = queue
        self._process = process
        self._models = {message.kind: message for message in queue.messages}
        self._arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._unsettled: list[AbstractIncomingMessage] = []
        self._leaving = False
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Consume while inside; at the end let the batch in hand finish and leave the rest to others."""
        channel = await self._open()
        source = await channel.get_queue(self._queue.name)
        tag = await source.consume(self._arrived.put)
        try:
            async with background(f"consumer {self._queue.name}", self._consume):
                try:
                    yield
                finally:
                    self._leaving = True
                    await politely(source.cancel(tag))
                    self._arrived = asyncio.Queue()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._bus.settings.handling_seconds):
                            await self._idle.wait()
        finally:
            await politely(channel.close())

    async def _open(self) -> AbstractRobustChannel:
        channel = await self._bus.connection.channel()
        assert isinstance(channel, AbstractRobustChannel)
        await channel.set_qos(prefetch_count=self._bus.settings.prefetch)
        return channel

    async def _consume(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            batch = [await self._arrived.get()]
            started = now()
            self._idle.clear()
            try:
                while len(batch) < self._bus.settings.batch_size and not self._arrived.empty():
                    batch.append(self._arrived.get_nowait())
                self._unsettled = batch
                await self._handle(batch)
            finally:
                await self._give_back()
                self._idle.set()
            if len(batch) > 1:
                # Where much comes, a transaction for a few more costs less than one more transaction.
                await asyncio.sleep(started + self._bus.settings.batch_seconds - now())

    async def _handle(self, batch: Sequence[AbstractIncomingMessage]) -> None:
        readable: list[tuple[AbstractIncomingMessage, Envelope[Message]]] = []
        for incoming in batch:
            try:
                readable.append((incoming, self._read(incoming)))
            except Incomprehensible as error:
                await self._lay_aside(incoming, error)
        if readable:
            self._observe_ages(incoming for incoming, _ in readable)
            await self._handle_together(readable)

    def _observe_ages(self, batch: Iterable[AbstractIncomingMessage]) -> None:
        ages, now = metrics.MESSAGE_AGE_SECONDS.labels(self._queue.name), datetime.now(UTC)
        for incoming in batch:
            if incoming.timestamp:
                ages.observe(max(0.0, (now - incoming.timestamp).total_seconds()))

    def _read(self, incoming: AbstractIncomingMessage) -> Envelope[Message]:
        model = self._models.get(incoming.type or "")
        if model is None:
            raise Incomprehensible(f"unknown kind {incoming.type!r}")
        if not incoming.message_id:
            raise Incomprehensible("no message id")
        try:
            message = model.model_validate_json(incoming.body)
        except ValidationError as error:
            raise Incomprehensible(_summary(error)) from error
        origin = context.new_context(incoming.correlation_id, str(incoming.headers.get("traceparent", "")))
        aggregate = str(incoming.headers.get(AGGREGATE, ""))
        return Envelope(incoming.message_id, message, origin.correlation_id, origin.traceparent, aggregate)

    async def _handle_together(
        self, batch: Sequence[tuple[AbstractIncomingMessage, Envelope[Message]]]
    ) -> None:
        started = time.perf_counter()
        try:
            fresh = await self._attempt([envelope for _, envelope in batch])
        except Exception as error:
            if len(batch) > 1:
                _log.warning(
                    "a batch of %s failed and is handled one by one", self._queue.name, exc_info=error
                )
                await self._handle_singly(batch)
            elif isinstance(error, Refusal) and not isinstance(error, RetryLater):
                await self._refused(batch[0][0], error)
            else:
                await self._failed(batch[0][0], error)
        else:
            metrics.MESSAGE_HANDLING_SECONDS.labels(self._queue.name).observe(time.perf_counter() - started)
            metrics.MESSAGE_BATCH_SIZE.labels(self._queue.name).observe(len(batch))
            for incoming, envelope in batch:
                self._count(incoming, "ok" if envelope.id in fresh else "duplicate")
            await self._settle([incoming for incoming, _ in batch])

    async def _handle_singly(
        self, batch: Sequence[tuple[AbstractIncomingMessage, Envelope[Message]]]
    ) -> None:
        for one in batch:
            await self._handle_together([one])

    async def _attempt(self, envelopes: Sequence[Envelope[Message]]) -> set[str]:
        """Handle them and return the ids of those that were new.

        While the database is away nothing else could be handled either, so it is waited for.
        """
        while True:
            try:
                return await self._attempt_once(envelopes)
            except ConnectionFailure as away:
                if self._leaving:
                    raise
                _log.warning("%s waits for the database: %s", self._queue.name, type(away).__name__)
                await asyncio.sleep(_AWAY_SECONDS)

    async def _attempt_once(self, envelopes: Sequence[Envelope[Message]]) -> set[str]:
        with handling(self._queue.name, envelopes) as traced:
            async with asyncio.timeout(self._bus.settings.handling_seconds):
                return {envelope.id for envelope in await self._process(traced)}

    async def _refused(self, incoming: AbstractIncomingMessage, refusal: Refusal) -> None:
        _log.warning("%s refused %s: %s", self._queue.name, incoming.type, refusal.detail)
        await self._done(incoming, "refused")

    async def _failed(self, incoming: AbstractIncomingMessage, error: Exception) -> None:
        """Bring it back after a while; after the last delay lay it aside."""
        delays = self._bus.settings.retry_delays
        attempts = _attempts(incoming)
        # That the database is away or busy is not the message's fault.
        if attempts >= len(delays) and not isinstance(error, RetryLater | ConnectionFailure):
            await self._lay_aside(incoming, error)
            return
        delay = delays[min(attempts, len(delays) - 1)]
        _log.warning(
            "%s failed on %s and tries again in %g s", self._queue.name, incoming.type, delay, exc_info=error
        )
        headers: HeadersType = {ATTEMPTS: attempts + 1, HISTORY: _history(incoming, error)}
        with suppress(*GONE):
            await self._bus.delay(incoming, self._queue.name, delay, headers)
            await self._done(incoming, "retried")

    async def _lay_aside(self, incoming: AbstractIncomingMessage, error: Exception) -> None:
        """Put it to the service's dead letters with the reason, the attempts and where it came from."""
        unreadable = isinstance(error, Incomprehensible)
        # What could not be read would show in the stack, and may be anything.
        stack = None if unreadable else error
        _log.error("%s lays %s aside: %s", self._queue.name, incoming.type, _summary(error), exc_info=stack)
        headers: HeadersType = {
            REASON: "incomprehensible" if unreadable else "attempts_exhausted",
            QUEUE: self._queue.name,
            ATTEMPTS: _attempts(incoming) + 1,
            HISTORY: _history(incoming, error),
            DEAD_AT: datetime.now(UTC).isoformat(),
        }
        with suppress(*GONE):
            await self._bus.put(incoming, self._queue.dead_letters, headers)
            await self._done(incoming, "dead_lettered")

    async def _done(self, incoming: AbstractIncomingMessage, outcome: str) -> None:
        self._count(incoming, outcome)
        await self._settle([incoming])

    def _count(self, incoming: AbstractIncomingMessage, outcome: str) -> None:
        kind = incoming.type if incoming.type in self._models else "unknown"
        metrics.MESSAGES_HANDLED.labels(self._queue.name, kind, outcome).inc()

    async def _settle(self, done: Sequence[AbstractIncomingMessage]) -> None:
        """Acknowledge these; with one word, when nothing else of their channel is open."""
        at_once = len(done) == len(self._unsettled) and len({one.channel for one in done}) == 1
        settled = set(done)
        self._unsettled = [incoming for incoming in self._unsettled if incoming not in settled]
        for incoming in done[-1:] if at_once else done:
            # On a channel that is gone there is nothing to acknowledge: the broker delivers the message again.
            with suppress(*GONE):
                await incoming.ack(multiple=at_once)

    async def _give_back(self) -> None:
        """Let the broker deliver again what could neither be handled nor put elsewhere."""
        for incoming in self._unsettled:
            with suppress(*GONE):
                await incoming.reject(requeue=True)


async def politely(farewell: Awaitable[object]) -> None:
    """Tell the broker, unless it is not there to be told."""
    with suppress(*GONE):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await farewell


def _attempts(incoming: AbstractIncomingMessage) -> int:
    attempts = incoming.headers.get(ATTEMPTS, 0)
    return attempts if isinstance(attempts, int) else 0


def _history(incoming: AbstractIncomingMessage, error: Exception) -> list[Any]:
    """The last failures, oldest first, each as `<time> <what>`."""
    before = incoming.headers.get(HISTORY, [])
    entry = f"{datetime.now(UTC).isoformat()} {_summary(error)}"
    return [*(before if isinstance(before, list) else []), entry][-_HISTORY:]


def _summary(error: Exception) -> str:
    """What went wrong, without the values it went wrong on."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())[:500]
    return f"{type(error).__name__}: {error}"[:500]
