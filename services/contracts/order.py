"""What the order service says."""

from datetime import datetime
from typing import ClassVar, Literal

from services.contracts.message import Event

OrderStatus = Literal[
    "CREATED",
    "PENDING",
    "PAID",
    "CONFIRMED",
    "PROCESSING",
    "SHIPPED",
    "DELIVERED",
    "CANCELLED",
    "RETURNED",
    "REFUNDED",
]
CancelReason = Literal[
    "payment_declined", "out_of_stock", "payment_timeout", "deadline_exceeded", "requested"
]


class OrderStatusChanged(Event):
    """An order entered a status. `sequence` counts the statuses of the order from 1, without a gap."""

    kind: ClassVar[str] = "order.order_status_changed.v1"

    order_id: str
    user_id: str
    status: OrderStatus
    sequence: int
    at: datetime
    reason: CancelReason | None = None


class OperatorActed(Event):
    """Somebody of the staff did something to orders, or was refused it: an entry of the audit trail.

    `subjects` are the orders, `details` what was said to it, `outcome` what came of it.
    """

    kind: ClassVar[str] = "order.operator_acted.v1"

    at: datetime
    user_id: str
    roles: tuple[str, ...]
    action: str
    subjects: tuple[str, ...]
    details: dict[str, str]
    outcome: str
