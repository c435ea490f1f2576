from math import nan

import pytest

from scripts.load.percentiles import Percentiles
from tests.benchmarks.load import Outcome
from tests.benchmarks.sustained import CLOSE, LEAST, Step, next_rate


def step(backlog: list[int], failures: dict[str, int] | None = None, rate: float = 20.0) -> Step:
    outcome = Outcome(
        sent=600,
        answered=600,
        seconds=30.0,
        rate=rate,
        latency=Percentiles(nan, nan, nan, nan),
        failures=failures or {},
        behind=0.0,
        generator_cpu=0.1,
    )
    return Step(rate, backlog, outcome)


@pytest.mark.parametrize(
    ("backlog", "sustained"),
    [
        ([0] * 60, True),
        ([40, 42, 38] * 20, True),
        (list(range(60)), False),
        ([0] * 40 + [30] * 20, False),
    ],
)
def test_a_rate_is_sustained_when_the_backlog_stays(backlog: list[int], sustained: bool) -> None:
    assert step(backlog).sustained is sustained


def test_a_rate_at_which_orders_are_refused_is_not_sustained() -> None:
    assert not step([0] * 60, {"503": 1}).sustained


@pytest.mark.parametrize("highest", [7.0, 33.0, 50.0, 310.0])
def test_the_highest_rate_is_found_closely_wherever_it_is(highest: float) -> None:
    steps: list[Step] = []
    while rate := next_rate(steps):
        steps.append(step([0 if rate <= highest else round(rate * n) for n in range(60)], rate=rate))
    found = max(it.rate for it in steps if it.sustained)
    assert highest / CLOSE <= found <= highest
    assert len(steps) <= 8


def test_where_nothing_is_sustained_the_search_ends() -> None:
    steps: list[Step] = []
    while rate := next_rate(steps):
        steps.append(step([round(rate * n) for n in range(60)], rate=rate))
    assert min(it.rate for it in steps) >= LEAST
