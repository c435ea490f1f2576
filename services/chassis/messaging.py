"""The message edge of a service: consumers declared like routes, and the resource that runs them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from aiohttp import web

from services.chassis.bus import Bus, connected
from services.chassis.consumer import Consumer, Process
from services.chassis.envelope import Envelope
from services.chassis.health import READINESS
from services.chassis.inbox import Handler, once
from services.chassis.mongo import DATABASE
from services.chassis.relay import Relay
from services.chassis.settings import BusSettings, ProcessSettings
from services.contracts.topology import Queue

BUS = web.AppKey("BUS", Bus)
PlainHandler = Callable[[web.Application, Sequence[Envelope[Any]]], Awaitable[None]]


class MessagingSettings(ProcessSettings, BusSettings):
    """What a process needs to take part in the conversation."""


class Consumers:
    """The table of a service's consumers."""

    def __init__(self) -> None:
        self._processes: list[tuple[Queue, Callable[[web.Application], Process]]] = []

    def exactly_once(self, queue: Queue) -> Callable[[Handler], Handler]:
        """Handle batches of this queue in a transaction that also remembers them: `handler(work, envelopes)`."""

        def register(handler: Handler) -> Handler:
            def process(app: web.Application) -> Process:
                return partial(once, app[DATABASE], queue.name, handler=handler)

            self._processes.append((queue, process))
            return handler

        return register

    def at_least_once(self, queue: Queue) -> Callable[[PlainHandler], PlainHandler]:
        """Handle batches of this queue where a second time does no harm: `handler(app, envelopes)`."""

        def register(handler: PlainHandler) -> PlainHandler:
            def process(app: web.Application) -> Process:
                async def run(envelopes: Sequence[Envelope[Any]]) -> Sequence[Envelope[Any]]:
                    await handler(app, envelopes)
                    return envelopes

                return run

            self._processes.append((queue, process))
            return handler

        return register

    def processes(self, app: web.Application) -> list[tuple[Queue, Process]]:
        """Each queue with what handles it in this application."""
        return [(queue, process(app)) for queue, process in self._processes]


def messaging(
    settings: MessagingSettings, consumers: Consumers
) -> Callable[[web.Application], AsyncIterator[None]]:
    """The bus with this service's consumers, and the relay where there is a database: declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            bus = await stack.enter_async_context(connected(settings, settings.instance))
            app[BUS] = bus
            app[READINESS].add("rabbitmq", bus.ping)
            if DATABASE in app:
                relay = Relay(app[DATABASE].db, app[DATABASE].lane, bus, settings)
                await stack.enter_async_context(relay.running())
            for queue, process in consumers.processes(app):
                await stack.enter_async_context(Consumer(bus, queue, process).running())
            yield

    return resource
