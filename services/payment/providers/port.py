"""What the payment service needs of a payment provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from services.contracts.money import Money
from services.payment.domain import Fact


class Outcome(Enum):
    """How a provider answers. PENDING: it will say more by webhook, or when it is asked again."""

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"


class ProviderError(Exception):
    """The provider cannot answer now. The same may be asked again with the same idempotency key."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook whose signature was good."""

    event_id: str
    payment_id: str
    fact: Fact
    amount: Money


class PaymentProvider(Protocol):
    """A provider. The payment id is our reference on its side; the same `key` never has a second effect.

    Every call may raise ProviderError, and is given up by cancellation when it takes too long.
    """

    async def authorize(self, key: str, payment_id: str, amount: Money, token: str) -> Outcome:
        """Hold the amount. DECLINED also when it was voided before."""

    async def capture(self, key: str, payment_id: str, amount: Money) -> Outcome:
        """Take what is held."""

    async def void(self, key: str, payment_id: str) -> Outcome:
        """Let go what is held, and refuse to hold it later. DECLINED when it was taken and must be refunded."""

    async def refund(self, key: str, payment_id: str, amount: Money) -> Outcome:
        """Give back what was taken."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice | None:
        """What a webhook says; None where that is of no interest. Raises Unauthenticated or Malformed."""
