"""What the payment service's HTTP edge takes and gives."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.chassis.errors import NotFound
from services.contracts.money import Money
from services.payment.domain import Intent, Payment, Status, Step


def _separated(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


Id = Annotated[str, Field(min_length=1, max_length=64)]


class PaymentsQuery(BaseModel):
    """Ids of orders, separated by commas."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order_ids: Annotated[Sequence[Id], BeforeValidator(_separated), Field(min_length=1, max_length=100)]


class PaymentOut(BaseModel):
    """A payment; `captured` and `refunded` are what was taken and given back of `amount`."""

    payment_id: str
    order_id: str
    status: Status
    provider: str
    amount: Money
    captured: Money
    refunded: Money
    timeline: tuple[Step, ...]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """As clients see it. Raises NotFound for a tombstone."""
        terms = payment.terms
        if terms is None:
            raise NotFound("there is no such payment")
        nothing = terms.amount.times(0)
        return cls(
            payment_id=payment.payment_id,
            order_id=payment.order_id,
            status=payment.status,
            provider=terms.provider,
            amount=terms.amount,
            captured=terms.amount if payment.status in ("captured", "refunded") else nothing,
            refunded=terms.amount if payment.status == "refunded" else nothing,
            timeline=payment.timeline,
            created_at=payment.timeline[0].at,
            updated_at=payment.updated_at,
        )


class SagaPaymentOut(BaseModel):
    """A payment as operators see it, tombstones included.

    `asking` is what is being asked of the provider; `asked` counts the things that were, that one included; `owes`
    is what the order still waits to be told.
    """

    payment_id: str
    status: Status
    provider: str | None
    amount: Money | None
    owes: str | None
    asking: Intent | None
    asked: int
    timed_out: bool
    capture_failed: bool
    timeline: tuple[Step, ...]
    updated_at: datetime

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """Without whatever was paid by."""
        terms = payment.terms
        return cls(
            payment_id=payment.payment_id,
            status=payment.status,
            provider=terms.provider if terms else None,
            amount=terms.amount if terms else None,
            owes=payment.owes,
            asking=payment.intent,
            asked=payment.operations,
            timed_out=payment.timed_out,
            capture_failed=payment.capture_failed,
            timeline=payment.timeline,
            updated_at=payment.updated_at,
        )


class PaymentsOut(BaseModel):
    """Those that there are, and that the caller may see."""

    items: tuple[PaymentOut, ...]


class ReceiptOut(BaseModel):
    """What a provider is told of its webhook."""

    received: bool = True
