"""The gateway's message edge: what happens to orders is passed on to all replicas, for whoever watches, and what
happens to products takes their pages out of the cache.

Nothing else is wanted of RabbitMQ, so the gateway starts, answers and stays ready without it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, suppress

from aiohttp import web

from gateway.cache.resource import SHARED
from gateway.cache.tags import CATALOGUE, product_tag
from gateway.live.feed import order_channel, user_channel
from gateway.live.resource import LIVE
from gateway.metrics import CACHE_INVALIDATIONS
from gateway.redis.reach import LOST
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
from services.contracts.product import ProductChanged

consumers = Consumers()


@consumers.at_least_once(topology.GATEWAY_LIVE)
async def publish(app: web.Application, envelopes: Sequence[Envelope[OrderStatusChanged]]) -> None:
    """Tell the replicas. What cannot be told is dropped: streams read the history, which is the truth."""
    if not app[LIVE].feed.up:
        return
    with suppress(*LOST):
        async with app[REDIS].pipeline(transaction=False) as pipeline:
            for envelope in envelopes:
                change = envelope.message
                for name in (order_channel(change.order_id), user_channel(change.user_id)):
                    pipeline.publish(name, change.model_dump_json())
            await pipeline.execute()


@consumers.at_least_once(topology.GATEWAY_CACHE)
async def invalidate(app: web.Application, envelopes: Sequence[Envelope[ProductChanged]]) -> None:
    """What shows these products is out of date, and so is every list. Raises Unavailable while Redis is away."""
    changed = {product_tag(envelope.message.product_id) for envelope in envelopes}
    await app[SHARED].invalidate({CATALOGUE, *changed})
    CACHE_INVALIDATIONS.inc(len(changed))


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
        async with background("consumers", consume):
            yield

    return resource
