"""Who listens to what: every queue of the platform and the messages that are routed to it.

Each process declares the whole of it before it publishes anything, so that no event is lost
because its reader has never been started yet.
"""

from dataclasses import dataclass

from services.contracts.inventory import (
    ConfirmStock,
    ReleaseStock,
    ReserveStock,
    StockConfirmationRefused,
    StockConfirmed,
    StockRejected,
    StockReleased,
    StockReserved,
)
from services.contracts.message import Message
from services.contracts.order import OperatorActed, OrderStatusChanged
from services.contracts.payment import (
    AuthorizePayment,
    CapturePayment,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentVoided,
    VoidPayment,
)
from services.contracts.product import ProductChanged


@dataclass(frozen=True)
class Queue:
    """A queue named `<service>.<role>` and the kinds of message that are routed to it."""

    name: str
    messages: tuple[type[Message], ...]

    @property
    def dead_letters(self) -> str:
        """The service's queue for messages that could not be handled."""
        return f"{self.name.partition('.')[0]}.dead-letters"


INVENTORY_COMMANDS = Queue("inventory.commands", (ReserveStock, ConfirmStock, ReleaseStock))
INVENTORY_CATALOGUE = Queue("inventory.catalogue", (ProductChanged,))
PAYMENT_COMMANDS = Queue("payment.commands", (AuthorizePayment, CapturePayment, VoidPayment))
ORDER_CATALOGUE = Queue("order.catalogue", (ProductChanged,))
ORDER_SAGA = Queue(
    "order.saga",
    (
        StockReserved,
        StockRejected,
        StockConfirmed,
        StockConfirmationRefused,
        StockReleased,
        PaymentAuthorized,
        PaymentDeclined,
        PaymentCaptured,
        PaymentCaptureFailed,
        PaymentVoided,
    ),
)
OPERATIONS_AUDIT = Queue("operations.audit", (OperatorActed,))
GATEWAY_LIVE = Queue("gateway.live", (OrderStatusChanged,))
GATEWAY_CACHE = Queue("gateway.cache", (ProductChanged,))

QUEUES = (
    INVENTORY_COMMANDS,
    INVENTORY_CATALOGUE,
    PAYMENT_COMMANDS,
    ORDER_CATALOGUE,
    ORDER_SAGA,
    OPERATIONS_AUDIT,
    GATEWAY_LIVE,
    GATEWAY_CACHE,
)

DEAD_LETTERS = tuple(dict.fromkeys(queue.dead_letters for queue in QUEUES))
"""The queues that hold what could not be handled, one for each service that listens."""
