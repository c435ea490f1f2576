"""What a stream has to tell, from the history and the news, however they come."""

from datetime import UTC, datetime
from itertools import permutations, takewhile
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from gateway.live.progress import OVER, SETTLED, Progress, advance, history
from gateway.upstreams.order import Entry, StatusChange, Timeline
from services.contracts.order import OrderStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIFE: tuple[OrderStatus, ...] = tuple(takewhile("CANCELLED".__ne__, get_args(OrderStatus)))


def change(sequence: int, status: OrderStatus | None = None) -> StatusChange:
    return StatusChange(order_id="o1", status=status or LIFE[sequence - 1], sequence=sequence, at=NOW)


def told(progress: Progress, *sequences: int) -> tuple[list[int], bool, bool]:
    step = advance(progress, [change(sequence) for sequence in sequences])
    return [due.sequence for due in step.due], step.progress.ended, step.behind


def test_from_the_beginning_to_the_first_final_status() -> None:
    assert told(Progress(0, SETTLED), 1, 2, 3, 4, 5) == ([1, 2, 3, 4], True, False)
    assert told(Progress(0, OVER), 1, 2, 3, 4, 5) == ([1, 2, 3, 4, 5], False, False)
    assert told(Progress(0, OVER), *range(1, 8)) == ([*range(1, 8)], True, False)


def test_behind_what_was_seen() -> None:
    assert told(Progress(2, SETTLED), 1, 2, 3) == ([3], False, False)
    assert told(Progress(4, SETTLED), 1, 2, 3, 4, 5) == ([], True, False)
    assert told(Progress(5, SETTLED), 1, 2, 3, 4, 5) == ([], True, False)


def test_a_client_that_claims_to_have_seen_more_than_there_is_waits_for_the_end() -> None:
    assert told(Progress(99, SETTLED), 1, 2, 3) == ([], False, False)
    assert told(Progress(99, SETTLED), 4) == ([], True, False)


def test_what_lies_behind_a_gap_waits_for_the_history() -> None:
    assert told(Progress(1, SETTLED), 3) == ([], False, True)
    assert told(Progress(1, SETTLED), 2, 4) == ([2], False, True)
    assert told(Progress(1, SETTLED), 1, 2, 3, 4) == ([2, 3, 4], True, False)


def test_the_order_of_arrival_does_not_matter() -> None:
    for order in permutations((1, 2, 3, 4)):
        assert told(Progress(0, SETTLED), *order) == ([1, 2, 3, 4], True, False)


@given(st.lists(st.lists(st.integers(1, 7), max_size=5), max_size=8))
def test_everything_is_told_once_and_in_order(batches: list[list[int]]) -> None:
    progress, seen = Progress(0, OVER), list[int]()
    for batch in [*batches, [*range(1, 8)]]:
        step = advance(progress, [change(sequence) for sequence in batch])
        progress = step.progress
        seen += [due.sequence for due in step.due]
    assert seen == [*range(1, 8)]
    assert progress.ended


def test_the_reason_belongs_to_the_cancellation() -> None:
    entries = (Entry(sequence=1, status="CREATED", at=NOW), Entry(sequence=2, status="CANCELLED", at=NOW))
    changes = history(Timeline(order_id="o1", reason="out_of_stock", timeline=entries))
    assert [(item.sequence, item.reason) for item in changes] == [(1, None), (2, "out_of_stock")]
