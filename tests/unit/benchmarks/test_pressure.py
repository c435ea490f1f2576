"""What wrk says, as the other load generators say it."""

from scripts.load.percentiles import Percentiles
from tests.benchmarks.pressure import outcome

SAID = {
    "requests": 1000.0,
    "microseconds": 2_000_000.0,
    "p50": 1000.0,
    "p95": 2000.0,
    "p99": 3000.0,
    "most": 4000.0,
    "cpu_seconds": 0.25,
    "connect": 0.0,
    "read": 0.0,
    "write": 0.0,
    "status": 100.0,
    "timeout": 2.0,
}


def test_times_are_seconds_and_milliseconds() -> None:
    told = outcome(SAID)
    assert told.seconds == 2.0
    assert told.latency == Percentiles(1.0, 2.0, 3.0, 4.0)
    assert told.generator_cpu == 0.25


def test_what_was_refused_is_not_answered() -> None:
    told = outcome(SAID)
    assert (told.sent, told.answered, told.rate) == (1000, 900, 450.0)
    assert told.failures == {"status": 100, "timeout": 2}
