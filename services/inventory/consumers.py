"""What the inventory service listens to."""

from collections.abc import Sequence

from services.chassis.clock import utcnow
from services.chassis.envelope import Envelope
from services.chassis.messaging import Consumers
from services.chassis.mongo import Work
from services.contracts import topology
from services.contracts.product import ProductChanged
from services.inventory.domain import Command
from services.inventory.use_cases import carry_out, learn_skus

consumers = Consumers()


@consumers.exactly_once(topology.INVENTORY_COMMANDS)
async def commands(work: Work, envelopes: Sequence[Envelope[Command]]) -> None:
    """Reserve, confirm, release."""
    await carry_out(work, envelopes, utcnow())


@consumers.exactly_once(topology.INVENTORY_CATALOGUE)
async def catalogue(work: Work, envelopes: Sequence[Envelope[ProductChanged]]) -> None:
    """New skus."""
    await learn_skus(work, [envelope.message for envelope in envelopes], utcnow())
