"""Stock under any commands in any order."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from services.inventory.domain import (
    Answer,
    Command,
    Reservation,
    Stock,
    adjust,
    change,
    decide,
    expire,
    ran_low,
)

SKUS = ("a", "b", "loose", "unknown")
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Shop:
    """Everything there is: stock, reservations, and what was said."""

    shelf: dict[str, Stock]
    reservations: dict[str, Reservation] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def tell(self, command: Command) -> Answer:
        decision = decide(command, self.reservations.get(command.order_id), self.shelf)
        self.reservations[command.order_id] = decision.reservation
        self.shelf |= {stock.sku: stock for stock in decision.stock}
        self.answers.append(decision.answer)
        return decision.answer

    def expire(self, order_id: str) -> None:
        known = self.reservations.get(order_id)
        if known and known.state == "reserved":
            self.reservations[order_id], stock = expire(known, self.shelf)
            self.shelf |= {one.sku: one for one in stock}

    def held(self, sku: str, state: str) -> int:
        return sum(
            line.quantity
            for reservation in self.reservations.values()
            if reservation.state == state
            for line in reservation.held
            if line.sku == sku
        )


def shop(a: int = 10, b: int = 10) -> Shop:
    return Shop(
        {
            "a": Stock(sku="a", low_stock_threshold=5, quantity=a),
            "b": Stock(sku="b", low_stock_threshold=5, quantity=b),
            "loose": Stock(sku="loose", low_stock_threshold=5, track=False),
        }
    )


def reserve(order_id: str, **lines: int) -> ReserveStock:
    wanted = tuple(StockLine(sku=sku, quantity=quantity) for sku, quantity in lines.items())
    return ReserveStock(order_id=order_id, lines=wanted, expires_at=LATER)


def confirm(order_id: str) -> ConfirmStock:
    return ConfirmStock(order_id=order_id)


def release(order_id: str) -> ReleaseStock:
    return ReleaseStock(order_id=order_id)


def test_reserved_then_confirmed_then_restocked() -> None:
    here = shop()
    assert here.tell(reserve("1", a=3)) == StockReserved(order_id="1")
    assert (here.shelf["a"].quantity, here.shelf["a"].reserved, here.shelf["a"].available) == (10, 3, 7)
    assert here.tell(confirm("1")) == StockConfirmed(order_id="1")
    assert (here.shelf["a"].quantity, here.shelf["a"].reserved) == (7, 0)
    assert here.tell(release("1")) == StockReleased(order_id="1", restocked=True)
    assert (here.shelf["a"].quantity, here.shelf["a"].reserved) == (10, 0)


def test_all_lines_or_none_and_what_fell_short_is_named() -> None:
    here = shop(a=2)
    assert here.tell(reserve("1", a=3, b=1, unknown=1)) == StockRejected(order_id="1", skus=("a", "unknown"))
    assert here.shelf["b"].reserved == 0


def test_the_same_sku_twice_is_summed() -> None:
    here = shop(a=5)
    lines = (StockLine(sku="a", quantity=3), StockLine(sku="a", quantity=3))
    assert isinstance(here.tell(ReserveStock(order_id="1", lines=lines, expires_at=LATER)), StockRejected)


def test_of_what_is_not_tracked_there_is_always_enough_and_nothing_is_counted() -> None:
    here = shop()
    assert isinstance(here.tell(reserve("1", loose=1000)), StockReserved)
    here.shelf["loose"] = change(here.shelf["loose"], low_stock_threshold=None, track=True)
    here.tell(confirm("1"))
    here.tell(release("1"))
    assert here.shelf["loose"].quantity == 0


def test_a_release_that_overtakes_its_reservation_refuses_it() -> None:
    here = shop()
    assert here.tell(release("1")) == StockReleased(order_id="1", restocked=False)
    assert here.tell(reserve("1", a=1)) == StockRejected(order_id="1", skus=())
    assert here.shelf["a"].reserved == 0


def test_a_confirmation_needs_a_live_reservation() -> None:
    here = shop()
    refused = StockConfirmationRefused(order_id="1")
    assert here.tell(confirm("1")) == refused
    assert here.tell(reserve("1", a=1)) == StockRejected(order_id="1", skus=())
    here.tell(reserve("2", a=1))
    here.expire("2")
    assert here.tell(confirm("2")) == StockConfirmationRefused(order_id="2")
    assert here.tell(release("2")) == StockReleased(order_id="2", restocked=False)


def test_every_command_is_answered_again_as_before() -> None:
    here = shop(a=3)
    for command in (reserve("1", a=3), reserve("2", a=1), confirm("1"), release("1"), release("2")):
        first = here.tell(command)
        before = dict(here.shelf)
        assert here.tell(command) == first
        assert here.shelf == before


def test_an_adjustment_never_takes_what_is_reserved() -> None:
    stock = Stock(sku="a", low_stock_threshold=5, quantity=10, reserved=4)
    assert adjust(stock, -6).quantity == 4
    with pytest.raises(Conflict) as refused:
        adjust(stock, -7)
    assert refused.value.slug == "insufficient-stock"


@pytest.mark.parametrize(
    ("before", "after", "low"), [(6, 5, True), (6, 0, True), (5, 4, False), (6, 6, False), (4, 6, False)]
)
def test_low_stock_is_told_once_when_it_gets_low(before: int, after: int, low: bool) -> None:
    def of(quantity: int) -> Stock:
        return Stock(sku="a", low_stock_threshold=5, quantity=quantity)

    told = StockRanLow(sku="a", available=after, threshold=5) if low else None
    assert ran_low(of(before), of(after)) == told


orders = st.sampled_from(["1", "2", "3", "4"])
lines = st.lists(st.builds(StockLine, sku=st.sampled_from(SKUS), quantity=st.integers(1, 6)), max_size=4).map(
    tuple
)
commands = st.one_of(
    st.builds(ReserveStock, order_id=orders, lines=lines, expires_at=st.just(LATER)),
    st.builds(ConfirmStock, order_id=orders),
    st.builds(ReleaseStock, order_id=orders),
)
happenings = st.lists(st.one_of(commands, orders), max_size=40)
"""Commands, and ids of orders whose reservation lapses if it is still live."""


@given(happenings)
def test_nothing_is_oversold_and_everything_adds_up(happenings: list[Command | str]) -> None:
    here = shop()
    for happening in happenings:
        if isinstance(happening, str):
            here.expire(happening)
            continue
        before = dict(here.shelf)
        answer = here.tell(happening)
        if isinstance(answer, StockRejected | StockConfirmationRefused):
            assert here.shelf == before
        for sku in ("a", "b"):
            stock = here.shelf[sku]
            assert 0 <= stock.reserved <= stock.quantity
            assert stock.reserved == here.held(sku, "reserved")
            assert stock.quantity + here.held(sku, "confirmed") == 10
    assert here.shelf["loose"].quantity == here.shelf["loose"].reserved == 0


@given(happenings, st.data())
def test_a_replay_changes_no_stock_until_something_else_is_asked(
    happenings: list[Command | str], data: st.DataObject
) -> None:
    here = shop()
    for happening in happenings:
        if isinstance(happening, str):
            here.expire(happening)
            continue
        first = here.tell(happening)
        before = dict(here.shelf)
        for _ in range(data.draw(st.integers(0, 2))):
            assert here.tell(happening) == first
        assert here.shelf == before


@given(happenings)
def test_each_thing_said_of_an_order_has_a_version_of_its_own(happenings: list[Command | str]) -> None:
    here = shop()
    versions: list[tuple[str, int]] = []
    for happening in happenings:
        if isinstance(happening, str):
            here.expire(happening)
        else:
            here.tell(happening)
            versions.append((happening.order_id, here.reservations[happening.order_id].version))
    assert len(set(versions)) == len(versions)
