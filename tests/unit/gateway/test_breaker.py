"""The circuit breaker, told the time."""

import asyncio
from dataclasses import dataclass

import pytest
from prometheus_client import REGISTRY

from gateway.breaker import Breaker, Tolerance
from services.chassis.errors import Unavailable


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Setting:
    """What is configured."""

    tolerance = Tolerance(failures=3, seconds=2.0)


@pytest.fixture
def setting() -> Setting:
    return Setting()


@pytest.fixture
def breaker(setting: Setting, clock: Clock) -> Breaker:
    return Breaker("order", lambda: setting.tolerance, clock)


def fail(breaker: Breaker) -> None:
    with pytest.raises(OSError, match="down"), breaker.attempt():
        raise OSError("down")


def succeed(breaker: Breaker) -> None:
    with breaker.attempt():
        pass


def open_up(breaker: Breaker) -> None:
    for _ in range(3):
        fail(breaker)
    assert breaker.state == "open"


def test_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker)
    fail(breaker)
    succeed(breaker)
    fail(breaker)
    fail(breaker)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"


def test_while_open_nobody_gets_through_and_all_are_told_for_how_long(breaker: Breaker, clock: Clock) -> None:
    open_up(breaker)
    clock.now += 0.5
    with pytest.raises(Unavailable) as refused, breaker.attempt():
        pytest.fail("got through")
    assert refused.value.retry_after == 2


def test_one_probe_at_a_time(breaker: Breaker, clock: Clock) -> None:
    open_up(breaker)
    clock.now += 2.0
    with breaker.attempt():
        assert breaker.state == "half-open"
        for _ in range(3):
            with pytest.raises(Unavailable), breaker.attempt():
                pytest.fail("a second probe")
    assert breaker.state == "closed"
    succeed(breaker)


def test_a_failed_probe_opens_it_for_as_long_again(breaker: Breaker, clock: Clock) -> None:
    open_up(breaker)
    clock.now += 2.0
    fail(breaker)
    assert breaker.state == "open"
    clock.now += 1.9
    with pytest.raises(Unavailable), breaker.attempt():
        pytest.fail("got through")
    clock.now += 0.1
    succeed(breaker)
    assert breaker.state == "closed"


def test_a_cancelled_call_counts_for_nothing(breaker: Breaker) -> None:
    fail(breaker)
    fail(breaker)
    with pytest.raises(asyncio.CancelledError), breaker.attempt():
        raise asyncio.CancelledError
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"


def test_a_cancelled_probe_leaves_the_place_to_another(breaker: Breaker, clock: Clock) -> None:
    open_up(breaker)
    clock.now += 2.0
    with pytest.raises(asyncio.CancelledError), breaker.attempt():
        raise asyncio.CancelledError
    assert breaker.state == "open"
    clock.now += 2.0
    succeed(breaker)
    assert breaker.state == "closed"


def test_stragglers_neither_close_it_nor_keep_it_open(breaker: Breaker, clock: Clock) -> None:
    with breaker.attempt():
        open_up(breaker)
    assert breaker.state == "open"
    clock.now += 2.0
    succeed(breaker)
    with pytest.raises(OSError, match="late"), breaker.attempt():
        open_up(breaker)
        clock.now += 1.9
        raise OSError("late")
    clock.now += 0.1
    succeed(breaker)
    assert breaker.state == "closed"


def test_a_changed_tolerance_holds_from_the_next_failure_on(breaker: Breaker, setting: Setting) -> None:
    fail(breaker)
    setting.tolerance = Tolerance(failures=2, seconds=2.0)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"


def test_and_for_a_circuit_that_is_open_already(breaker: Breaker, setting: Setting, clock: Clock) -> None:
    open_up(breaker)
    setting.tolerance = Tolerance(failures=3, seconds=30.0)
    clock.now += 2.0
    with pytest.raises(Unavailable) as refused, breaker.attempt():
        pytest.fail("got through")
    assert refused.value.retry_after == 28
    setting.tolerance = Tolerance(failures=3, seconds=1.0)
    succeed(breaker)
    assert breaker.state == "closed"


def test_the_state_is_a_metric(breaker: Breaker, clock: Clock) -> None:
    def shown() -> float | None:
        return REGISTRY.get_sample_value("portico_breaker_state", {"upstream": "order"})

    assert shown() == 0
    open_up(breaker)
    assert shown() == 2
    clock.now += 2.0
    with breaker.attempt():
        assert shown() == 1
    assert shown() == 0
