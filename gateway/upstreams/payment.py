"""What the gateway reads of the payment service."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from gateway.upstreams.batches import listed
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


async def payments(calls: Calls, order_ids: Iterable[str]) -> Mapping[str, Payment]:
    """The payments of a batch of orders by order; those that have none yet are left out."""
    found = await calls.read(Service.PAYMENT, f"/payments?order_ids={listed(order_ids)}", _Payments)
    return {payment.order_id: payment for payment in found.items}


async def payment_of(calls: Calls, order_id: str) -> Payment | None:
    """The payment of an order; None while there is none yet."""
    return (await payments(calls, [order_id])).get(order_id)
