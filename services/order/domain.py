"""The order: what can be said of it, and what it is after all that was said.

An order is its stream of events; `evolve` folds them. Nothing here does I/O or knows what time it is.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from typing import Annotated, Literal

from pydantic import Field

from services.contracts.message import Value
from services.contracts.money import Money
from services.contracts.order import CancelReason, OrderStatus
from services.contracts.payment import PaymentMethod

Phase = Literal["reserving", "authorizing", "confirming", "capturing", "fulfilled", "compensating", "ended"]
"""What the saga is waiting for."""

Compensation = Literal["stock", "payment"]
"""What has to be undone."""


class Line(Value):
    """So many of one sku, at the price it had when the order was placed."""

    sku: str
    product_id: str
    name: str
    image: str | None
    quantity: int
    unit_price: Money

    @property
    def total(self) -> Money:
        """The price of the whole line."""
        return self.unit_price.times(self.quantity)


class Priced(Value):
    """Lines, and what they cost together: so far there are no discounts, and shipping is free."""

    lines: tuple[Line, ...]
    subtotal: Money

    @property
    def discount(self) -> Money:
        """What is taken off."""
        return self.subtotal.times(0)

    @property
    def shipping(self) -> Money:
        """What is added for bringing it."""
        return self.subtotal.times(0)

    @property
    def total(self) -> Money:
        """What is charged."""
        return self.subtotal


class Address(Value):
    """Where it goes."""

    full_name: str
    phone: str | None
    street: str
    city: str
    state: str | None
    country: str
    postal_code: str


class OrderPlaced(Value):
    """A customer ordered, and the order was accepted."""

    type: Literal["order_placed"] = "order_placed"
    at: datetime
    order_id: str
    user_id: str
    lines: tuple[Line, ...]
    subtotal: Money
    shipping_address: Address
    payment_id: str
    method: PaymentMethod
    deadline: datetime


class StockHeld(Value):
    """All lines are reserved."""

    type: Literal["stock_held"] = "stock_held"
    at: datetime


class AmountHeld(Value):
    """The payment is authorized."""

    type: Literal["amount_held"] = "amount_held"
    at: datetime


class StockTaken(Value):
    """The reservation was confirmed."""

    type: Literal["stock_taken"] = "stock_taken"
    at: datetime


class AmountTaken(Value):
    """The payment was captured."""

    type: Literal["amount_taken"] = "amount_taken"
    at: datetime


class OrderConfirmed(Value):
    """Every step of the saga is done."""

    type: Literal["order_confirmed"] = "order_confirmed"
    at: datetime


class CancellationStarted(Value):
    """It will not go through; what is in `undo` has to be undone first.

    Where somebody asked for it, `by` is their user id and `note` their own reason.
    """

    type: Literal["cancellation_started"] = "cancellation_started"
    at: datetime
    reason: CancelReason
    undo: tuple[Compensation, ...]
    ask_again_at: datetime
    note: str | None = None
    by: str | None = None


class UndoAskedAgain(Value):
    """No answer came to some compensations in time, so they were asked for once more."""

    type: Literal["undo_asked_again"] = "undo_asked_again"
    at: datetime
    ask_again_at: datetime


class SagaResumed(Value):
    """The operator `by` had what the saga waits for asked for once more, and gave it until `wake_at`."""

    type: Literal["saga_resumed"] = "saga_resumed"
    at: datetime
    by: str
    wake_at: datetime


class Undone(Value):
    """One compensation was acknowledged."""

    type: Literal["undone"] = "undone"
    at: datetime
    what: Compensation


class OrderCancelled(Value):
    """Every compensation was acknowledged."""

    type: Literal["order_cancelled"] = "order_cancelled"
    at: datetime


OrderEvent = Annotated[
    OrderPlaced
    | StockHeld
    | AmountHeld
    | StockTaken
    | AmountTaken
    | OrderConfirmed
    | CancellationStarted
    | UndoAskedAgain
    | SagaResumed
    | Undone
    | OrderCancelled,
    Field(discriminator="type"),
]


class TimelineEntry(Value):
    """The order entered `status`; `sequence` counts its statuses from 1."""

    sequence: int
    status: OrderStatus
    at: datetime


class Order(Priced):
    """What the stream adds up to. `version` is the number of events.

    `wake_at` is when the saga must be looked at, None once it is over; `compensating_since` is when it turned back.
    """

    order_id: str
    user_id: str
    shipping_address: Address
    payment_id: str
    method: PaymentMethod
    version: int
    phase: Phase
    status: OrderStatus
    reason: CancelReason | None
    undo: tuple[Compensation, ...]
    deadline: datetime
    wake_at: datetime | None
    compensating_since: datetime | None = None
    timeline: tuple[TimelineEntry, ...]
    created_at: datetime
    updated_at: datetime


def subtotal(lines: Iterable[Line]) -> Money:
    """The sum of the lines. Raises ValueError when they are priced in different currencies."""
    return reduce(Money.plus, (line.total for line in lines))


def evolve(order: Order | None, event: OrderEvent) -> Order:
    """The order after one more event."""
    if order is None:
        if not isinstance(event, OrderPlaced):
            raise ValueError(f"a stream cannot begin with {event.type}")
        return _placed(event)
    changed = order.model_copy(update={"version": order.version + 1, "updated_at": event.at})
    match event:
        case StockHeld():
            return _entered(changed, "PENDING", event.at, phase="authorizing")
        case AmountHeld():
            return changed.model_copy(update={"phase": "confirming"})
        case StockTaken():
            return changed.model_copy(update={"phase": "capturing"})
        case AmountTaken():
            return _entered(changed, "PAID", event.at, phase="fulfilled")
        case OrderConfirmed():
            return _entered(changed, "CONFIRMED", event.at, wake_at=None)
        case CancellationStarted():
            update = {"phase": "compensating", "reason": event.reason, "undo": event.undo}
            times = {"wake_at": event.ask_again_at, "compensating_since": event.at}
            return changed.model_copy(update={**update, **times})
        case UndoAskedAgain():
            return changed.model_copy(update={"wake_at": event.ask_again_at})
        case SagaResumed():
            return changed.model_copy(update={"wake_at": event.wake_at})
        case Undone():
            return changed.model_copy(
                update={"undo": tuple(what for what in order.undo if what != event.what)}
            )
        case OrderCancelled():
            return _entered(changed, "CANCELLED", event.at, phase="ended", wake_at=None)
        case _:
            raise ValueError(f"{event.type} cannot happen to an order that exists")


def replay(events: Iterable[OrderEvent]) -> Order:
    """The order that a whole stream adds up to. Raises ValueError for an empty one."""
    order: Order | None = None
    for event in events:
        order = evolve(order, event)
    if order is None:
        raise ValueError("a stream has at least one event")
    return order


def _placed(event: OrderPlaced) -> Order:
    return Order(
        order_id=event.order_id,
        user_id=event.user_id,
        lines=event.lines,
        subtotal=event.subtotal,
        shipping_address=event.shipping_address,
        payment_id=event.payment_id,
        method=event.method,
        version=1,
        phase="reserving",
        status="CREATED",
        reason=None,
        undo=(),
        deadline=event.deadline,
        wake_at=event.deadline,
        timeline=(TimelineEntry(sequence=1, status="CREATED", at=event.at),),
        created_at=event.at,
        updated_at=event.at,
    )


def _entered(order: Order, status: OrderStatus, at: datetime, **update: object) -> Order:
    entry = TimelineEntry(sequence=len(order.timeline) + 1, status=status, at=at)
    return order.model_copy(update={"status": status, "timeline": (*order.timeline, entry), **update})
