"""What the payment service listens to."""

from collections.abc import Sequence

from services.chassis.clock import utcnow
from services.chassis.envelope import Envelope
from services.chassis.messaging import Consumers
from services.chassis.mongo import Work
from services.contracts import topology
from services.payment.domain import Command
from services.payment.use_cases import carry_out

consumers = Consumers()


@consumers.exactly_once(topology.PAYMENT_COMMANDS)
async def commands(work: Work, envelopes: Sequence[Envelope[Command]]) -> None:
    """Authorize, capture, void."""
    await carry_out(work, envelopes, utcnow())
