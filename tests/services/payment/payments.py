"""Commands of the saga, and what the sandbox remembers of them."""

from typing import Any

from services.contracts.money import Money
from services.contracts.payment import (
    AuthorizePayment,
    CapturePayment,
    PaymentMethod,
    SandboxToken,
    VoidPayment,
)
from tests.parts import Corner

AMOUNT = Money(amount=4200, currency="USD")


def authorize(name: str, token: SandboxToken = "tok_approve") -> AuthorizePayment:
    """Ask to hold an amount for the order and payment of this name."""
    return AuthorizePayment(
        payment_id=f"payment-{name}",
        order_id=f"order-{name}",
        user_id="ann",
        amount=AMOUNT,
        method=PaymentMethod(provider="sandbox", token=token),
    )


def capture(name: str) -> CapturePayment:
    """Ask to take it."""
    return CapturePayment(payment_id=f"payment-{name}", order_id=f"order-{name}")


def void(name: str) -> VoidPayment:
    """Ask to give it back."""
    return VoidPayment(payment_id=f"payment-{name}", order_id=f"order-{name}")


async def charge(here: Corner, name: str) -> dict[str, Any] | None:
    """What the sandbox's ledger says."""
    return await here.db("payment").sandbox_ledger.find_one({"_id": f"payment-{name}"})
