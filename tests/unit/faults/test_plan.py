"""A seed decides what is done, and nothing else does."""

from collections.abc import Callable, Sequence

import pytest

from tests.faults.catalogue import FAULTS, pairs
from tests.faults.faults import Fault, Slow
from tests.faults.messages import Duplicate, Poison, Reorder
from tests.faults.plan import CANCELLED, SIGN_INS, Plan

SOME = range(100)
MANY = range(2_000)


def done(fault: Fault) -> object:
    """What a fault decides itself, as far as it is made of more than a moment."""
    match fault:
        case Slow():
            return fault.delay
        case Duplicate():
            return [fault.next_copies() for _ in SOME]
        case Reorder():
            return [fault.next_hold() for _ in SOME]
        case Poison():
            return [fault.next_spoiler() for _ in SOME]
        case _:
            return None


def decided(plan: Plan) -> Sequence[object]:
    """Everything that a plan says."""
    orders, bursts = [plan.thinks_better(n) for n in SOME], [plan.errands(n) for n in SOME]
    return plan, orders, bursts, [done(fault) for fault in plan.faults]


@pytest.mark.parametrize("names", [*((name,) for name in FAULTS), *pairs(20, 1)], ids=" + ".join)
def test_plans_of_one_seed_are_equal_and_of_two_seeds_differ_in_everything(names: tuple[str, ...]) -> None:
    assert decided(Plan.of(1, names)) == decided(Plan.of(1, names))
    for one, other in zip(decided(Plan.of(1, names)), decided(Plan.of(2, names)), strict=True):
        assert one != other or one == [None] * len(names)


@pytest.mark.parametrize("draw", [lambda plan: plan.errands(7), lambda plan: plan.thinks_better(7)])
def test_what_is_decided_of_an_order_does_not_depend_on_what_was_decided_before(
    draw: Callable[[Plan], object],
) -> None:
    fresh, used = Plan.of(1, ("slow mongodb",)), Plan.of(1, ("slow mongodb",))
    decided(used)
    assert draw(fresh) == draw(used)


def test_pairs_are_the_seeds_and_of_different_targets() -> None:
    drawn = pairs(50, 1)
    assert drawn == pairs(50, 1) != pairs(50, 2)
    assert all(one != other for one, other in drawn)


def test_shares_are_those_that_are_promised() -> None:
    plan = Plan.of(1, ("no fault",))
    cancelled = [plan.thinks_better(n) for n in MANY if plan.thinks_better(n) is not None]
    signed_in = [n for n in MANY if plan.errands(n).signs_in]
    assert len(cancelled) / len(MANY) == pytest.approx(CANCELLED, abs=0.02)
    assert len(signed_in) / len(MANY) == pytest.approx(SIGN_INS, abs=0.04)
