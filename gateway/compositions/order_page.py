"""The order page: an order and its payment."""

from dataclasses import dataclass

from gateway.compositions.page import composing
from gateway.upstreams.client import Calls
from gateway.upstreams.order import Order, order
from gateway.upstreams.payment import Payment, payment_of


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`payment` is None while there is none, and when it could not be had: then `degraded` says so."""

    order: Order
    payment: Payment | None
    degraded: tuple[str, ...]


async def order_page(calls: Calls, order_id: str) -> OrderPage:
    """Required: the order. Optional: its payment."""
    async with composing(calls) as page:
        found = page.required(order, order_id)
        payment = page.optional("payment", payment_of, order_id)
    return OrderPage(found.result(), payment.result(), page.degraded)
