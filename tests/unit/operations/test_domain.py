"""What becomes of a dead letter, whichever way its deaths are told."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict
from services.operations.domain import KEPT_DEATHS, KEPT_HISTORY, DeadLetter, died, settle
from tests.unit.operations.letters import T0, death

LATER = T0 + timedelta(hours=1)


def replay(letter: DeadLetter) -> DeadLetter:
    return settle(letter, "replay", LATER)


def discard(letter: DeadLetter) -> DeadLetter:
    return settle(letter, "discard", LATER)


def test_a_death_that_is_told_twice_counts_once() -> None:
    known = died(None, death())
    assert died(known, death()) is known
    again = died(known, death(1))
    assert (again.deaths, again.died_at, again.state) == (2, death(1).died_at, "dead")
    assert died(again, death()) is again


def test_what_is_brought_back_and_dies_again_is_dead_with_a_longer_history() -> None:
    back = replay(death())
    assert (back.state, back.replays, back.settled_at) == ("replayed", 1, LATER)
    again = died(back, death(5, replays=1))
    assert (again.state, again.deaths, again.settled_at) == ("dead", 2, None)
    assert again.history == (*death().history, *death(5).history)
    assert replay(again).replays == 2


def test_copies_of_an_earlier_life_do_not_undo_what_was_decided() -> None:
    back = died(replay(death()), death(2))
    assert (back.state, back.deaths) == ("replayed", 2)
    discarded = died(discard(death()), death(2))
    assert (discarded.state, discarded.deaths, discarded.settled_at) == ("discarded", 2, LATER)


def test_deciding_twice_decides_once() -> None:
    back, gone = replay(death()), discard(death())
    assert replay(back) is back
    assert discard(gone) is gone
    assert replay(gone).state == "replayed"
    with pytest.raises(Conflict, match="brought back"):
        discard(back)


def test_what_has_nowhere_to_go_stays() -> None:
    lost = death().model_copy(update={"replayable": False})
    with pytest.raises(Conflict):
        replay(lost)
    assert discard(lost).state == "discarded"


@given(st.lists(st.integers(0, 100), min_size=1, max_size=60))
def test_the_order_in_which_deaths_are_told_makes_no_difference(seconds: list[int]) -> None:
    letter: DeadLetter | None = None
    for second in seconds:
        letter = died(letter, death(second))
    assert letter is not None
    assert letter.died_at == death(max(seconds)).died_at
    assert letter.deaths >= len(set(seconds))
    if len(set(seconds)) <= KEPT_DEATHS:
        assert letter.deaths == len(set(seconds))
    assert len(letter.history) == min(len(set(seconds)), KEPT_HISTORY)
    assert list(letter.history) == sorted(letter.history)
