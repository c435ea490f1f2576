"""What a payment is: its status, what is being asked of the provider, and what is owed to the order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from services.contracts.message import Value
from services.contracts.money import Money
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

Status = Literal["pending", "processing", "authorized", "captured", "declined", "voided", "refunded"]
Operation = Literal["authorize", "capture", "void", "refund"]
Fact = Literal["authorized", "declined", "captured", "capture_refused", "voided", "void_refused", "refunded"]
"""What a provider can say of a payment. A void is refused because the amount was taken before."""

Command = AuthorizePayment | CapturePayment | VoidPayment
Answer = PaymentAuthorized | PaymentDeclined | PaymentCaptured | PaymentCaptureFailed | PaymentVoided


class Terms(Value):
    """Who pays how much by what. The token is forgotten as soon as it has served."""

    user_id: str
    amount: Money
    provider: str
    token: str = Field(repr=False)


class Intent(Value):
    """What is to be asked of the provider. It is the `number`-th thing that is asked for the payment.

    While `in_flight` somebody is asking, for the `attempts`-th time, and has until `due_at`; otherwise it waits
    for then. Whatever is due may be taken up by anybody.
    """

    operation: Operation
    number: int
    attempts: int
    due_at: datetime
    in_flight: bool


class Step(Value):
    """When the payment got a status."""

    status: Status
    at: datetime


class Payment(Value):
    """One payment of one order. Without `terms` it is a tombstone, which refuses to be authorized.

    `owes` is what the order still waits to be told. `version` counts the changes.
    """

    payment_id: str
    order_id: str
    status: Status
    terms: Terms | None
    timeline: tuple[Step, ...]
    updated_at: datetime
    intent: Intent | None = None
    owes: Literal["authorization", "capture", "void"] | None = None
    timed_out: bool = False
    capture_failed: bool = False
    operations: int = 0
    version: int = 0

    @property
    def gives_back(self) -> bool:
        """Whether the amount is on its way back."""
        return self.intent is not None and self.intent.operation in ("void", "refund")

    def asks(self, operation: Operation) -> bool:
        """Whether this is what it waits for the provider to do."""
        return self.intent is not None and self.intent.operation == operation


@dataclass(frozen=True, slots=True)
class Policy:
    """How long somebody has to ask, how often it is tried, and how long is waited in between.

    Giving back is tried without end, after pauses of at most `longest_pause`.
    """

    lease: timedelta
    attempts: int
    pause: timedelta
    pending_pause: timedelta
    longest_pause: timedelta

    def pause_after(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts."""
        return min(self.pause * (1 << min(attempts - 1, 16)), self.longest_pause)


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt to ask the provider something. Attempts at the same thing have the same idempotency key."""

    payment_id: str
    terms: Terms
    operation: Operation
    number: int
    attempts: int

    @property
    def key(self) -> str:
        """The idempotency key."""
        return f"{self.payment_id}-{self.number}-{self.operation}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The payment as it is now, and what is said of it."""

    payment: Payment
    said: tuple[Answer, ...] = ()


def begun(before: Payment | None, after: Payment) -> Call | None:
    """The call that somebody has to make because the payment has become what it is."""
    intent = after.intent
    if intent is None or after.terms is None or not intent.in_flight:
        return None
    if before is not None and before.intent == intent:
        return None
    return Call(after.payment_id, after.terms, intent.operation, intent.number, intent.attempts)
