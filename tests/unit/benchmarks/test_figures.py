from tests.benchmarks.figures import Spread


def test_rounds_have_a_median_between_the_least_and_the_most() -> None:
    assert Spread.of(iter([5.0, 1.0, 2.0])) == Spread(median=2.0, least=1.0, most=5.0)
