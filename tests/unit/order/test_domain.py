"""What an order is after all that was said of it."""

import pytest

from services.contracts.money import Money
from services.order.domain import (
    AmountHeld,
    AmountTaken,
    OrderConfirmed,
    OrderEvent,
    StockHeld,
    StockTaken,
    evolve,
    replay,
    subtotal,
)
from tests.unit.order.orders import LATER, T0, line, new_order, placed


def test_a_stream_replays_to_what_its_events_made_of_it() -> None:
    events: list[OrderEvent] = [
        placed(),
        StockHeld(at=T0),
        AmountHeld(at=T0),
        StockTaken(at=T0),
        AmountTaken(at=LATER),
    ]
    order = replay([*events, OrderConfirmed(at=LATER)])
    assert (order.status, order.phase, order.version) == ("CONFIRMED", "fulfilled", 6)
    assert [(entry.sequence, entry.status) for entry in order.timeline] == [
        (1, "CREATED"),
        (2, "PENDING"),
        (3, "PAID"),
        (4, "CONFIRMED"),
    ]
    assert order.updated_at == LATER


def test_an_order_is_placed_first_and_once() -> None:
    with pytest.raises(ValueError, match="cannot begin"):
        evolve(None, StockHeld(at=T0))
    with pytest.raises(ValueError, match="cannot happen"):
        evolve(new_order(), placed())
    with pytest.raises(ValueError, match="at least one"):
        replay([])


def test_lines_add_up_in_one_currency_only() -> None:
    assert subtotal([line("a", 3, 100), line("b", 1, 50)]) == Money(amount=350, currency="USD")
    with pytest.raises(ValueError, match="cannot add"):
        subtotal([line("a", 1, 100), line("b", 1, 50, "EUR")])
