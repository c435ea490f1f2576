"""What a stream of order events adds up to, worked out anew: nothing here is taken from the order service.

Events and orders are documents as MongoDB holds them.
"""

from collections.abc import Sequence
from typing import Any, Final

Doc = dict[str, Any]

PLACED: Final = "order_placed"
STATUS: Final = {
    "stock_held": "PENDING",
    "amount_taken": "PAID",
    "order_confirmed": "CONFIRMED",
    "order_cancelled": "CANCELLED",
}
PHASE: Final = {
    "stock_held": "authorizing",
    "amount_held": "confirming",
    "stock_taken": "capturing",
    "amount_taken": "fulfilled",
    "cancellation_started": "compensating",
    "order_cancelled": "ended",
}
ENTERED_FROM: Final = {
    "PENDING": {"CREATED"},
    "PAID": {"PENDING"},
    "CONFIRMED": {"PAID"},
    "CANCELLED": {"CREATED", "PENDING", "PAID", "CONFIRMED"},
}
COPIED: Final = (
    "order_id",
    "user_id",
    "lines",
    "subtotal",
    "shipping_address",
    "payment_id",
    "method",
    "deadline",
)


class Broken(ValueError):
    """The stream cannot be replayed; the message says why."""


def replay(stream: Sequence[Doc]) -> Doc:
    """The order after all its events, given in their order. Raises Broken."""
    order: Doc = {}
    for number, stored in enumerate(stream, 1):
        if stored["sequence"] != number:
            raise Broken(f"event {number} is missing")
        order = _applied(order, stored["event"]) if order else _placed(stored["event"])
    if not order:
        raise Broken("there is no event")
    return order


def _placed(event: Doc) -> Doc:
    if event["type"] != PLACED:
        raise Broken(f"begins with {event['type']}")
    total = sum(line["unit_price"]["amount"] * line["quantity"] for line in event["lines"])
    if total != event["subtotal"]["amount"]:
        raise Broken(f"the lines add up to {total}, not {event['subtotal']['amount']}")
    return {
        **{name: event[name] for name in COPIED},
        "version": 1,
        "phase": "reserving",
        "status": "CREATED",
        "reason": None,
        "undo": [],
        "wake_at": event["deadline"],
        "compensating_since": None,
        "timeline": [{"sequence": 1, "status": "CREATED", "at": event["at"]}],
        "created_at": event["at"],
        "updated_at": event["at"],
    }


def _applied(order: Doc, event: Doc) -> Doc:
    kind, at = event["type"], event["at"]
    order = {**order, "version": order["version"] + 1, "updated_at": at}
    if status := STATUS.get(kind):
        order = _entered(order, status, at)
    order["phase"] = PHASE.get(kind, order["phase"])
    match kind:
        case "cancellation_started":
            order |= {"reason": event["reason"], "undo": event["undo"], "wake_at": event["ask_again_at"]}
            order["compensating_since"] = at
        case "undo_asked_again":
            order["wake_at"] = event["ask_again_at"]
        case "saga_resumed":
            order["wake_at"] = event["wake_at"]
        case "undone":
            order["undo"] = [what for what in order["undo"] if what != event["what"]]
        case "order_confirmed" | "order_cancelled":
            order["wake_at"] = None
        case _ if kind not in STATUS and kind not in PHASE:
            raise Broken(f"nobody knows what {kind} means")
    return order


def _entered(order: Doc, status: str, at: object) -> Doc:
    if order["status"] not in ENTERED_FROM[status]:
        raise Broken(f"went from {order['status']} to {status}")
    entry = {"sequence": len(order["timeline"]) + 1, "status": status, "at": at}
    return {**order, "status": status, "timeline": [*order["timeline"], entry]}
