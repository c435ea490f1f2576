from math import nan

import pytest

from scripts.load.percentiles import Percentiles
from tests.benchmarks.load import Outcome
from tests.benchmarks.sustained import Step


def step(backlog: list[int], failures: dict[str, int] | None = None) -> Step:
    outcome = Outcome(
        sent=600,
        answered=600,
        seconds=30.0,
        rate=20.0,
        latency=Percentiles(nan, nan, nan, nan),
        failures=failures or {},
        behind=0.0,
        generator_cpu=0.1,
    )
    return Step(20.0, backlog, outcome)


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
