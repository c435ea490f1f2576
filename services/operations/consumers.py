"""What the operations service listens to, and what it collects: everything that any service has laid aside."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from services.chassis.clock import utcnow
from services.chassis.envelope import Envelope
from services.chassis.messaging import BUS, Consumers
from services.chassis.mongo import DATABASE, Work
from services.chassis.raw_consumer import Delivery, RawConsumer
from services.contracts import topology
from services.contracts.order import OperatorActed
from services.operations.audit import record_told
from services.operations.intake import dead_letter
from services.operations.use_cases import keep

consumers = Consumers()


@consumers.exactly_once(topology.OPERATIONS_AUDIT)
async def audit(work: Work, envelopes: Sequence[Envelope[OperatorActed]]) -> None:
    """What somebody of the staff did in another service."""
    await record_told(work, [envelope.message for envelope in envelopes])


async def dead_letters(app: web.Application) -> AsyncIterator[None]:
    """Collect for as long as the application lives: declare it after `messaging`."""

    async def keep_them(deliveries: Sequence[Delivery]) -> None:
        found = [dead_letter(delivery, utcnow()) for delivery in deliveries]
        await app[DATABASE].transaction(lambda work: keep(work, found))

    async with AsyncExitStack() as stack:
        for queue in topology.DEAD_LETTERS:
            await stack.enter_async_context(RawConsumer(app[BUS], queue, keep_them).running())
        yield
