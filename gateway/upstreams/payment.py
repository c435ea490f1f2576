"""What the gateway reads of the payment service."""

from urllib.parse import quote

from pydantic import BaseModel

from gateway.upstreams.client import Calls, Service
from gateway.vocabulary import OrderId, PaymentId, PaymentStatus
from services.contracts.money import Money


class Payment(BaseModel):
    """A payment, as its order shows it."""

    payment_id: PaymentId
    order_id: OrderId
    status: PaymentStatus
    amount: Money
    captured: Money | None = None
    refunded: Money | None = None


class _Payments(BaseModel):
    items: tuple[Payment, ...]


async def payment_of(calls: Calls, order_id: str) -> Payment | None:
    """The payment of an order; None while there is none yet."""
    query = f"?order_ids={quote(order_id, safe='', errors='replace')}"
    found = await calls.read(Service.PAYMENT, f"/payments{query}", _Payments)
    return next((payment for payment in found.items if payment.order_id == order_id), None)
