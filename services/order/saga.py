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
    Phase,
    SagaResumed,
    StockHeld,
    StockTaken,
    UndoAskedAgain,
    Undone,
)

PATIENCE = timedelta(seconds=10)
"""How long an answer is waited for before a compensation is asked for again, and at least after a saga was resumed."""

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
    """The user `by` does not want it any more; `note` is their own reason."""

    note: str
    by: str


@dataclass(frozen=True)
class ResumeRequested:
    """The operator `by` wants it to go on."""

    by: str


@dataclass(frozen=True)
class Decision:
    """What happened to the order, and what is asked of others because of it."""

    events: tuple[OrderEvent, ...] = ()
    commands: tuple[Command, ...] = ()


UNEXPECTED = Decision()
"""An answer that came too late or twice: nothing happens."""

Trigger = Answer | DeadlinePassed | CancellationRequested | ResumeRequested


def begin(order: Order) -> Decision:
    """The first step of an order that was just placed."""
    return Decision(commands=_asked(order, "reserving"))


def step(order: Order, trigger: Trigger, now: datetime) -> Decision:
    """What follows from `trigger` at this point of the saga."""
    match order.phase, trigger:
        case "reserving", StockReserved():
            return Decision((StockHeld(at=now),), _asked(order, "authorizing"))
        case "reserving", StockRejected():
            return _cancel(order, "out_of_stock", (), now)
        case "authorizing", PaymentAuthorized():
            return Decision((AmountHeld(at=now),), _asked(order, "confirming"))
        case "authorizing", PaymentDeclined(reason=reason):
            return _cancel(
                order, "payment_timeout" if reason == "timeout" else "payment_declined", ("stock",), now
            )
        case "confirming", StockConfirmed():
            return Decision((StockTaken(at=now),), _asked(order, "capturing"))
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
        case "reserving", CancellationRequested():
            return _cancel(order, "requested", ("stock",), now, trigger)
        case "authorizing" | "confirming" | "capturing" | "fulfilled", CancellationRequested():
            return _cancel(order, "requested", ("stock", "payment"), now, trigger)
        case "compensating", StockReleased():
            return _undone(order, "stock", now)
        case "compensating", PaymentVoided():
            return _undone(order, "payment", now)
        case "compensating", DeadlinePassed():
            asked_again = UndoAskedAgain(at=now, ask_again_at=_later(order, now))
            return Decision((asked_again,), _asked(order, order.phase))
        case phase, ResumeRequested(by=by) if phase not in ("fulfilled", "ended"):
            resumed = SagaResumed(at=now, by=by, wake_at=max(order.wake_at or now, now + PATIENCE))
            return Decision((resumed,), _asked(order, phase))
        case _:
            return UNEXPECTED


def _asked(order: Order, phase: Phase) -> tuple[Command, ...]:
    """What is asked of others in a phase. To be asked again does no harm: they say what they said before."""
    ids = {"order_id": order.order_id, "payment_id": order.payment_id}
    match phase:
        case "reserving":
            return (_reserve(order),)
        case "authorizing":
            return (AuthorizePayment(**ids, user_id=order.user_id, amount=order.total, method=order.method),)
        case "confirming":
            return (ConfirmStock(order_id=order.order_id),)
        case "capturing":
            return (CapturePayment(**ids),)
        case "compensating":
            return _undo(order, order.undo)
        case _:
            return ()


def _reserve(order: Order) -> ReserveStock:
    lines = tuple(StockLine(sku=line.sku, quantity=line.quantity) for line in order.lines)
    # Twice the deadline and more, so that a reservation never lapses under a saga that is still alive.
    expires_at = order.deadline + 2 * (order.deadline - order.created_at)
    return ReserveStock(order_id=order.order_id, lines=lines, expires_at=expires_at)


def _cancel(
    order: Order,
    reason: CancelReason,
    undo: tuple[Compensation, ...],
    now: datetime,
    asked: CancellationRequested | None = None,
) -> Decision:
    started = CancellationStarted(
        at=now,
        reason=reason,
        undo=undo,
        ask_again_at=now + PATIENCE,
        note=asked.note if asked else None,
        by=asked.by if asked else None,
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
    return now + max(PATIENCE, 2 * (now - order.updated_at))
