"""Deaths for the tests of the operations service's rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis.raw_consumer import Delivery
from services.operations.domain import DeadLetter
from services.operations.intake import dead_letter

T0 = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
REASON = "attempts_exhausted"


def delivery(at: datetime = T0, body: bytes = b'{"order_id": "o1"}', **headers: Any) -> Delivery:
    """A message that died in `order.saga`, as its consumer laid it aside."""
    told: dict[str, object] = {
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "x-aggregate": "payment/p1",
        "x-version": 3,
        "x-reason": REASON,
        "x-queue": "order.saga",
        "x-attempts": 4,
        "x-history": [f"{at.isoformat()} RuntimeError: no"],
        "x-dead-at": at.isoformat(),
    }
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery("order.dead-letters", "m1", "payment.payment_captured.v1", "c1", told | headers, body)


def death(seconds: float = 0, replays: int = 0) -> DeadLetter:
    """The letter as of a death so many seconds after T0, in the life after so many replays."""
    at = T0 + timedelta(seconds=seconds)
    return dead_letter(delivery(at, x_replays=replays), at)
