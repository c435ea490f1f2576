"""An order service with the test in the place of inventory, payment and the gateway."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter

from services.chassis.clock import utcnow
from services.contracts.money import Money
from services.contracts.product import ProductChanged, Variant
from services.order.domain import Order, OrderEvent, replay
from tests.instances import Instance
from tests.parts import Corner, Listener
from tests.tokens import Issuer

EVENT: TypeAdapter[OrderEvent] = TypeAdapter(OrderEvent)
ADDRESS = {"full_name": "Ada", "street": "1 Main", "city": "Oslo", "country": "NO", "postal_code": "0150"}


@dataclass
class World:
    """The order service and its neighbours' queues."""

    here: Corner
    service: Instance
    issuer: Issuer
    inventory: Listener
    payment: Listener
    live: Listener

    async def place(
        self, token: str = "tok_approve", key: str | None = None, **changes: Any
    ) -> tuple[int, Any]:
        """Place an order of two presses; returns the status and the answer."""
        body = {
            "items": [{"sku": "press", "quantity": 2}],
            "shipping_address": ADDRESS,
            "payment_method": {"provider": "sandbox", "token": token},
            **changes,
        }
        headers = {**self.issuer.bearer("u1"), "Idempotency-Key": key or uuid4().hex}
        async with self.service.http.post("/orders", json=body, headers=headers) as response:
            return response.status, await response.json()

    async def order(self, order_id: str) -> dict[str, Any]:
        """The order as its owner reads it."""
        async with self.service.http.get(f"/orders/{order_id}", headers=self.issuer.bearer("u1")) as response:
            assert response.status == 200
            answer: dict[str, Any] = await response.json()
            return answer

    async def cancel(self, order_id: str, user: str = "u1") -> int:
        headers = {**self.issuer.bearer(user), "Idempotency-Key": uuid4().hex}
        url = f"/orders/{order_id}/cancellation"
        async with self.service.http.post(url, json={"reason": "no"}, headers=headers) as response:
            return response.status

    async def replayed(self, order_id: str) -> Order:
        """What the stored stream adds up to."""
        events = self.here.db("order").order_events.find({"order_id": order_id}).sort("sequence")
        return replay([EVENT.validate_python(event["event"]) async for event in events])


def press(version: int = 1, amount: int = 3499, **changes: Any) -> ProductChanged:
    fields: dict[str, Any] = {
        "product_id": "p-press",
        "version": version,
        "slug": "press",
        "name": "Press",
        "status": "active",
        "variants": (Variant(sku="press", price=Money(amount=amount, currency="USD")),),
        "changed_at": utcnow(),
    }
    return ProductChanged(**{**fields, **changes})
