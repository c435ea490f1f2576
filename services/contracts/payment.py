"""What is asked of the payment service, and what it says."""

from typing import ClassVar, Literal

from services.contracts.message import Command, Event, Value
from services.contracts.money import Money

SandboxToken = Literal[
    "tok_approve",
    "tok_decline",
    "tok_timeout",
    "tok_slow",
    "tok_flaky",
    "tok_capture_fails",
    "tok_webhook_twice",
    "tok_webhook_early",
]


class PaymentMethod(Value):
    """How an order is paid: a provider and the token that the provider gave for the card."""

    provider: Literal["sandbox"]
    token: SandboxToken


class AuthorizePayment(Command):
    """Hold the amount. Answered by PaymentAuthorized or PaymentDeclined."""

    kind: ClassVar[str] = "payment.authorize_payment.v1"

    payment_id: str
    order_id: str
    user_id: str
    amount: Money
    method: PaymentMethod


class CapturePayment(Command):
    """Take the held amount. Answered by PaymentCaptured or PaymentCaptureFailed."""

    kind: ClassVar[str] = "payment.capture_payment.v1"

    payment_id: str
    order_id: str


class VoidPayment(Command):
    """Give back whatever was taken: void a hold, refund a capture, and refuse what may still arrive.

    One that overtakes its AuthorizePayment leaves a tombstone that refuses it. Always answered by PaymentVoided.
    """

    kind: ClassVar[str] = "payment.void_payment.v1"

    payment_id: str
    order_id: str


class PaymentAuthorized(Event):
    """The amount is held."""

    kind: ClassVar[str] = "payment.payment_authorized.v1"

    payment_id: str
    order_id: str


class PaymentDeclined(Event):
    """The amount is not held and will not be: the provider refused it, or never answered and the hold was voided."""

    kind: ClassVar[str] = "payment.payment_declined.v1"

    payment_id: str
    order_id: str
    reason: Literal["declined", "timeout"]


class PaymentCaptured(Event):
    """The amount was taken."""

    kind: ClassVar[str] = "payment.payment_captured.v1"

    payment_id: str
    order_id: str


class PaymentCaptureFailed(Event):
    """The provider refused to take the held amount."""

    kind: ClassVar[str] = "payment.payment_capture_failed.v1"

    payment_id: str
    order_id: str


class PaymentVoided(Event):
    """Nothing is held or taken any more. `refunded` tells that it had been captured before."""

    kind: ClassVar[str] = "payment.payment_voided.v1"

    payment_id: str
    order_id: str
    refunded: bool
