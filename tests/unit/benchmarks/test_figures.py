import math

from tests.benchmarks.figures import Percentiles, Spread


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert Percentiles.of(range(1, 101)) == Percentiles(p50=50, p95=95, p99=99, most=100)
    assert Percentiles.of([3, 1, 2]) == Percentiles(p50=2, p95=3, p99=3, most=3)


def test_nothing_has_no_percentiles() -> None:
    assert math.isnan(Percentiles.of([]).p99)


def test_rounds_have_a_median_between_the_least_and_the_most() -> None:
    assert Spread.of(iter([5.0, 1.0, 2.0])) == Spread(median=2.0, least=1.0, most=5.0)
