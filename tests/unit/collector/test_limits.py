"""What is kept when there is too much."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.collector.limits import is_worth_keeping, summarize, surplus
from tests.unit.collector.spans import span

SLOW = 1_000_000


@pytest.mark.parametrize(
    ("kept", "fields"),
    [
        (False, {}),
        (True, {"error": True}),
        (True, {"duration": SLOW}),
        (False, {"duration": SLOW - 1}),
        (True, {"duration": SLOW, "details": {"kind": "consumer"}}),
        (False, {"duration": SLOW, "details": {"kind": "client"}}),
        (False, {"duration": 60 * SLOW, "operation": "GET /api/v1/orders/{id}/events"}),
        (True, {"error": True, "operation": "GET /api/v1/orders/{id}/events"}),
    ],
)
def test_errors_and_what_took_long_is_worth_keeping(kept: bool, fields: dict[str, Any]) -> None:
    assert is_worth_keeping(span(**fields), SLOW) is kept


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_within_the_limit_nothing_goes_and_above_it_enough_does(used: int, limit: int) -> None:
    gone = surplus(used, limit)
    assert (gone == 0) if used <= limit else (used - gone <= limit and 0 < gone <= used)


def test_a_batch_says_one_thing_of_each_trace() -> None:
    spans = [span(1, start=50, duration=100), span(2, error=True), span(1, start=10, duration=20)]
    first, second = summarize(spans, SLOW)
    assert (first.start, first.end, first.spans, first.errors, first.worth) == (10, 150, 2, 0, False)
    assert (second.spans, second.errors, second.worth) == (1, 1, True)
