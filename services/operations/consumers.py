"""What the operations service collects: everything that any service has laid aside."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from services.chassis.clock import utcnow
from services.chassis.messaging import BUS
from services.chassis.mongo import DATABASE
from services.chassis.raw_consumer import Delivery, RawConsumer
from services.contracts.topology import DEAD_LETTERS
from services.operations.intake import dead_letter
from services.operations.use_cases import keep


async def dead_letters(app: web.Application) -> AsyncIterator[None]:
    """Collect for as long as the application lives: declare it after `messaging`."""

    async def keep_them(deliveries: Sequence[Delivery]) -> None:
        found = [dead_letter(delivery, utcnow()) for delivery in deliveries]
        await app[DATABASE].transaction(lambda work: keep(work, found))

    async with AsyncExitStack() as stack:
        for queue in DEAD_LETTERS:
            await stack.enter_async_context(RawConsumer(app[BUS], queue, keep_them).running())
        yield
