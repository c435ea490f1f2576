"""The rules of stock: what is there, what is held for whom, and what becomes of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.chassis.errors import Conflict
from services.contracts.inventory import (
    ConfirmStock,
    ReleaseStock,
    ReserveStock,
    StockConfirmationRefused,
    StockConfirmed,
    StockLine,
    StockRanLow,
    StockRejected,
    StockReleased,
    StockReserved,
)
from services.contracts.message import Value

Command = ReserveStock | ConfirmStock | ReleaseStock
Answer = StockReserved | StockRejected | StockConfirmed | StockConfirmationRefused | StockReleased

Shortage = Literal["low", "none"]
"""How much is left of what runs short: at most its threshold, or nothing."""


class Stock(Value):
    """What there is of one sku; `reserved` is the part of `quantity` that is held for orders.

    Of a sku that is not tracked there is always enough, and nothing is counted.
    """

    sku: str
    low_stock_threshold: int
    quantity: int = 0
    reserved: int = 0
    track: bool = True
    version: int = 0

    @property
    def available(self) -> int | None:
        """What can still be sold; None when that is not tracked."""
        return self.quantity - self.reserved if self.track else None

    @property
    def shortage(self) -> Shortage | None:
        """Whether it runs short; None for what is enough, or not tracked."""
        if self.available is None or self.available > self.low_stock_threshold:
            return None
        return "low" if self.available > 0 else "none"

    def covers(self, quantity: int) -> bool:
        """Whether so many can be held."""
        return self.available is None or self.available >= quantity


State = Literal["reserved", "confirmed", "rejected", "released", "expired"]
"""Where a reservation is: live while `reserved`; what is `confirmed` can still come back; the others have ended."""

ENDED: frozenset[State] = frozenset({"rejected", "released", "expired"})


class Reservation(Value):
    """What is held, or was withdrawn, for one order. `version` counts what was said of it.

    `held` names tracked skus only, so that one which is tracked later is not given back what was never taken.
    """

    order_id: str
    state: State
    held: tuple[StockLine, ...] = ()
    short: tuple[str, ...] = ()
    restocked: bool = False
    expires_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The reservation and the stock after a command, and the answer to it."""

    reservation: Reservation
    stock: tuple[Stock, ...]
    answer: Answer


def decide(command: Command, known: Reservation | None, shelf: Mapping[str, Stock]) -> Decision:
    """Carry out one command. `shelf` has the stock of every sku in the command and in the reservation."""
    match command:
        case ReserveStock():
            return _reserve(command, shelf) if known is None else _repeat_reserve(known)
        case ConfirmStock():
            return _confirm(command.order_id, known, shelf)
        case ReleaseStock():
            return _release(command.order_id, known, shelf)


def has_lapsed(reservation: Reservation, now: datetime) -> bool:
    """Whether a live reservation's time is over."""
    expires_at = reservation.expires_at
    return reservation.state == "reserved" and expires_at is not None and expires_at <= now


def expire(reservation: Reservation, shelf: Mapping[str, Stock]) -> tuple[Reservation, tuple[Stock, ...]]:
    """Let a live reservation lapse."""
    return _moved(reservation, "expired"), _unhold(reservation, shelf)


def adjust(stock: Stock, delta: int) -> Stock:
    """Count `delta` in, or out. Raises Conflict when less would be left than is held for orders."""
    adjusted = _move(stock, quantity=delta)
    if adjusted.quantity < adjusted.reserved:
        raise Conflict(
            f"{stock.quantity} there, {stock.reserved} of them reserved", slug="insufficient-stock"
        )
    return adjusted


def change(stock: Stock, *, low_stock_threshold: int | None, track: bool | None) -> Stock:
    """Treat a sku otherwise; None leaves a thing as it is."""
    given = {"low_stock_threshold": low_stock_threshold, "track": track}
    changes = {name: value for name, value in given.items() if value is not None}
    return stock.model_copy(update={**changes, "version": stock.version + 1})


def ran_low(before: Stock, after: Stock) -> StockRanLow | None:
    """The event when the available quantity has just fallen to its threshold."""
    if before.available is None or after.available is None:
        return None
    threshold = after.low_stock_threshold
    if not after.available <= threshold < before.available:
        return None
    return StockRanLow(sku=after.sku, available=after.available, threshold=threshold)


def _reserve(command: ReserveStock, shelf: Mapping[str, Stock]) -> Decision:
    wanted = _summed(command.lines)
    short = tuple(
        line.sku for line in wanted if line.sku not in shelf or not shelf[line.sku].covers(line.quantity)
    )
    if short:
        refused = Reservation(order_id=command.order_id, state="rejected", short=short, version=1)
        return Decision(refused, (), StockRejected(order_id=command.order_id, skus=short))
    held = tuple(line for line in wanted if shelf[line.sku].track)
    reservation = Reservation(
        order_id=command.order_id, state="reserved", held=held, expires_at=command.expires_at, version=1
    )
    stock = tuple(_move(shelf[line.sku], reserved=line.quantity) for line in held)
    return Decision(reservation, stock, StockReserved(order_id=command.order_id))


def _repeat_reserve(known: Reservation) -> Decision:
    """What is said to a second command for the same order: what was said to the first, as far as it still holds."""
    said = _moved(known, known.state)
    if known.state in ("reserved", "confirmed"):
        return Decision(said, (), StockReserved(order_id=known.order_id))
    return Decision(said, (), StockRejected(order_id=known.order_id, skus=known.short))


def _confirm(order_id: str, known: Reservation | None, shelf: Mapping[str, Stock]) -> Decision:
    match known:
        case Reservation(state="reserved"):
            stock = tuple(
                _move(shelf[line.sku], quantity=-line.quantity, reserved=-line.quantity)
                for line in known.held
            )
            return Decision(_moved(known, "confirmed"), stock, StockConfirmed(order_id=order_id))
        case Reservation(state="confirmed"):
            return Decision(_moved(known, "confirmed"), (), StockConfirmed(order_id=order_id))
        case _:
            refused = _moved(known or _tombstone(order_id), known.state if known else "released")
            return Decision(refused, (), StockConfirmationRefused(order_id=order_id))


def _release(order_id: str, known: Reservation | None, shelf: Mapping[str, Stock]) -> Decision:
    reservation = known or _tombstone(order_id)
    stock: tuple[Stock, ...] = ()
    if reservation.state == "reserved":
        stock = _unhold(reservation, shelf)
    elif reservation.state == "confirmed":
        stock = tuple(_move(shelf[line.sku], quantity=line.quantity) for line in reservation.held)
        reservation = reservation.model_copy(update={"restocked": True})
    answer = StockReleased(order_id=order_id, restocked=reservation.restocked)
    return Decision(_moved(reservation, "released"), stock, answer)


def _tombstone(order_id: str) -> Reservation:
    """For an order whose reservation is undone before it was asked for: it refuses it."""
    return Reservation(order_id=order_id, state="released")


def _unhold(reservation: Reservation, shelf: Mapping[str, Stock]) -> tuple[Stock, ...]:
    return tuple(_move(shelf[line.sku], reserved=-line.quantity) for line in reservation.held)


def _moved(reservation: Reservation, state: State) -> Reservation:
    return reservation.model_copy(update={"state": state, "version": reservation.version + 1})


def _move(stock: Stock, quantity: int = 0, reserved: int = 0) -> Stock:
    return stock.model_copy(
        update={
            "quantity": stock.quantity + quantity,
            "reserved": stock.reserved + reserved,
            "version": stock.version + 1,
        }
    )


def _summed(lines: Iterable[StockLine]) -> tuple[StockLine, ...]:
    """One line for each sku, in sku order."""
    total: Counter[str] = Counter()
    for line in lines:
        total[line.sku] += line.quantity
    return tuple(StockLine(sku=sku, quantity=quantity) for sku, quantity in sorted(total.items()))
