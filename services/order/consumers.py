"""What the order service listens to."""

from collections.abc import Sequence

from services.chassis.clock import utcnow
from services.chassis.envelope import Envelope
from services.chassis.messaging import Consumers
from services.chassis.mongo import Work
from services.contracts import topology
from services.contracts.product import ProductChanged
from services.order.saga import Answer
from services.order.use_cases import advance_sagas
from services.order.views import apply_product_changes

consumers = Consumers()


@consumers.exactly_once(topology.ORDER_SAGA)
async def saga(work: Work, envelopes: Sequence[Envelope[Answer]]) -> None:
    """Answers of inventory and payment."""
    await advance_sagas(work, envelopes, utcnow())


@consumers.exactly_once(topology.ORDER_CATALOGUE)
async def catalogue(work: Work, envelopes: Sequence[Envelope[ProductChanged]]) -> None:
    """Changes of products."""
    await apply_product_changes(work, [envelope.message for envelope in envelopes])
