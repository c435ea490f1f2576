"""The gateway's message edge: what happens to orders is passed on to all replicas, for whoever watches.

It is the only thing that the gateway wants of RabbitMQ, so it starts, answers and stays ready without it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, suppress

from aiohttp import web
from redis.exceptions import RedisError

from gateway.live.feed import channel
from gateway.live.resource import LIVE
from gateway.settings import Settings
from services.chassis.background import background
from services.chassis.bus import Bus, connected
from services.chassis.consumer import Consumer
from services.chassis.envelope import Envelope
from services.chassis.health import READINESS
from services.chassis.messaging import Consumers
from services.chassis.redis import REDIS
from services.contracts import topology
from services.contracts.order import OrderStatusChanged

consumers = Consumers()


@consumers.at_least_once(topology.GATEWAY_LIVE)
async def publish(app: web.Application, envelopes: Sequence[Envelope[OrderStatusChanged]]) -> None:
    """Tell the replicas. What cannot be told is dropped: streams read the history, which is the truth."""
    if not app[LIVE].feed.up:
        return
    with suppress(RedisError, OSError):
        async with app[REDIS].pipeline(transaction=False) as pipeline:
            for envelope in envelopes:
                pipeline.publish(channel(envelope.message.order_id), envelope.message.model_dump_json())
            await pipeline.execute()


def consuming(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Consume while the application lives, as soon as and whenever there is a broker."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        bus: Bus | None = None

        async def ping() -> None:
            if bus is None:
                raise ConnectionError("not connected")
            await bus.ping()

        async def consume() -> None:
            nonlocal bus
            async with AsyncExitStack() as stack:
                bus = await stack.enter_async_context(connected(settings, settings.instance))
                for queue, process in consumers.processes(app):
                    await stack.enter_async_context(Consumer(bus, queue, process).running())
                await asyncio.Event().wait()

        app[READINESS].add("rabbitmq", ping, matters=False)
        async with background("live consumers", consume):
            yield

    return resource
