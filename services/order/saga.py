"""The saga of an order, as a pure step function: what is said and asked because of what was heard.

reserve stock → authorize payment → confirm stock → capture payment → CONFIRMED. On the way back, what may have
been done is undone, and CANCELLED is said only when every compensation was acknowledged.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.contracts.inventory import (
    ConfirmStock,
    ReleaseStock,
    ReserveStock,
    StockConfirmationRefused,
    StockConfirmed,
    StockLine,
    StockRejected,
    StockReleased,
    StockReserved,
)
from services.contracts.message import Command
from services.contracts.order import CancelReason
from services.contracts.payment import (
    AuthorizePayment,
    CapturePayment,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentVoided,
    VoidPayment,
)
from services.order.domain import (
    AmountHeld,
    AmountTaken,
    CancellationStarted,
    Compensation,
    Order,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    StockHeld,
    StockTaken,
    UndoAskedAgain,
    Undone,
)

UNDO_PATIENCE = timedelta(seconds=10)
"""How long an acknowledged compensation is waited for before it is asked for again."""

Answer = (
    StockReserved
    | StockRejected
    | StockConfirmed
    | StockConfirmationRefused
    | StockReleased
    | PaymentAuthorized
    | PaymentDeclined
    | PaymentCaptured
    | PaymentCaptureFailed
    | PaymentVoided
)


@dataclass(frozen=True)
class DeadlinePassed:
    """The order's `wake_at` has come."""


@dataclass(frozen=True)
class CancellationRequested:
    """The customer does not want it any more; `note` is their own reason."""

    note: str | None


@dataclass(frozen=True)
class Decision:
    """What happened to the order, and what is asked of others because of it."""

    events: tuple[OrderEvent, ...] = ()
    commands: tuple[Command, ...] = ()


UNEXPECTED = Decision()
"""An answer that came too late or twice: nothing happens."""

Trigger = Answer | DeadlinePassed | CancellationRequested


def begin(order: Order) -> Decision:
    """The first step of an order that was just placed."""
    lines = tuple(StockLine(sku=line.sku, quantity=line.quantity) for line in order.lines)
    # Twice the deadline and more, so that a reservation never lapses under a saga that is still alive.
    expires_at = order.deadline + 2 * (order.deadline - order.created_at)
    return Decision(commands=(ReserveStock(order_id=order.order_id, lines=lines, expires_at=expires_at),))


def step(order: Order, trigger: Trigger, now: datetime) -> Decision:
    """What follows from `trigger` at this point of the saga."""
    ids = {"order_id": order.order_id, "payment_id": order.payment_id}
    match order.phase, trigger:
        case "reserving", StockReserved():
            ask = AuthorizePayment(**ids, user_id=order.user_id, amount=order.total, method=order.method)
            return Decision((StockHeld(at=now),), (ask,))
        case "reserving", StockRejected():
            return _cancel(order, "out_of_stock", (), now)
        case "authorizing", PaymentAuthorized():
            return Decision((AmountHeld(at=now),), (ConfirmStock(order_id=order.order_id),))
        case "authorizing", PaymentDeclined(reason=reason):
            return _cancel(
                order, "payment_timeout" if reason == "timeout" else "payment_declined", ("stock",), now
            )
        case "confirming", StockConfirmed():
            return Decision((StockTaken(at=now),), (CapturePayment(**ids),))
        case "confirming", StockConfirmationRefused():
            return _cancel(order, "deadline_exceeded", ("stock", "payment"), now)
        case "capturing", PaymentCaptured():
            return Decision((AmountTaken(at=now), OrderConfirmed(at=now)))
        case "capturing", PaymentCaptureFailed():
            return _cancel(order, "payment_declined", ("stock", "payment"), now)
        case "reserving", DeadlinePassed():
            return _cancel(order, "deadline_exceeded", ("stock",), now)
        case "authorizing", DeadlinePassed():
            return _cancel(order, "payment_timeout", ("stock", "payment"), now)
        case "confirming" | "capturing", DeadlinePassed():
            return _cancel(order, "deadline_exceeded", ("stock", "payment"), now)
        case "reserving", CancellationRequested(note=note):
            return _cancel(order, "requested", ("stock",), now, note)
        case "authorizing" | "confirming" | "capturing" | "fulfilled", CancellationRequested(note=note):
            return _cancel(order, "requested", ("stock", "payment"), now, note)
        case "compensating", StockReleased():
            return _undone(order, "stock", now)
        case "compensating", PaymentVoided():
            return _undone(order, "payment", now)
        case "compensating", DeadlinePassed():
            return Decision(
                (UndoAskedAgain(at=now, ask_again_at=_later(order, now)),), _undo(order, order.undo)
            )
        case _:
            return UNEXPECTED


def _cancel(
    order: Order, reason: CancelReason, undo: tuple[Compensation, ...], now: datetime, note: str | None = None
) -> Decision:
    started = CancellationStarted(
        at=now, reason=reason, undo=undo, ask_again_at=now + UNDO_PATIENCE, note=note
    )
    if not undo:
        return Decision((started, OrderCancelled(at=now)))
    return Decision((started,), _undo(order, undo))


def _undo(order: Order, undo: tuple[Compensation, ...]) -> tuple[Command, ...]:
    commands: dict[Compensation, Command] = {
        "stock": ReleaseStock(order_id=order.order_id),
        "payment": VoidPayment(order_id=order.order_id, payment_id=order.payment_id),
    }
    return tuple(commands[what] for what in undo)


def _undone(order: Order, what: Compensation, now: datetime) -> Decision:
    if what not in order.undo:
        return UNEXPECTED
    last = order.undo == (what,)
    return Decision((Undone(at=now, what=what), *((OrderCancelled(at=now),) if last else ())))


def _later(order: Order, now: datetime) -> datetime:
    """Twice as long as since the order was last heard of, so that asking does not become a flood."""
    return now + max(UNDO_PATIENCE, 2 * (now - order.updated_at))
