"""Rate limits as numbers: which are about a request, how they are counted, and what is told of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.config.limits import Limit, Limits
from gateway.edge.rules import Charge, Rule, Rules, Verdict, subject
from services.chassis.identity import Caller

ADA = Caller("ada", frozenset({"customer"}))
EVE = Caller("eve", frozenset({"customer", "support"}))
HOME = "address:203.0.113.7"


def rule(requests: int, seconds: float = 60.0, scale: float = 1.0, name: str = "user") -> Rule:
    return Rule.of(name, "this user", Limit(requests=requests, seconds=seconds), scale)


def verdict(rule: Rule, owed: float, admitted: bool = True) -> Verdict:
    """The verdict on somebody who owes so many requests."""
    return Verdict(rule, admitted, round(owed * rule.interval))


def keys(charges: list[Charge]) -> dict[str, str]:
    return {charge.rule.name: charge.key for charge in charges}


def test_a_limit_is_so_many_at_once_and_so_many_on_average() -> None:
    assert (rule(60).interval, rule(60).burst) == (1_000_000, 60_000_000)
    assert (rule(7).interval, rule(7).burst) == (8_571_429, 7 * 8_571_429)


@given(
    st.integers(min_value=1, max_value=10_000_000),
    st.floats(min_value=0.001, max_value=86_400),
    st.floats(min_value=1e-6, max_value=1e6),
)
def test_however_it_is_scaled_the_burst_is_a_whole_number_of_requests(
    requests: int, seconds: float, scale: float
) -> None:
    made = rule(requests, seconds, scale)
    assert made.requests == max(1, round(requests * scale))
    assert made.burst == made.requests * made.interval
    assert made.interval >= 1


def test_scaling_never_forbids_everything() -> None:
    assert rule(60, scale=0.0001).requests == 1
    assert rule(60, scale=2.0).requests == 120


def test_who_is_admitted_is_told_what_is_left() -> None:
    told = verdict(rule(60), owed=1)
    assert dict(told.headers) == {
        "RateLimit-Limit": "60",
        "RateLimit-Remaining": "59",
        "RateLimit-Reset": "1",
        "RateLimit-Policy": "60;w=60",
    }
    assert verdict(rule(60), owed=0.5).headers["RateLimit-Remaining"] == "59"
    assert verdict(rule(60), owed=60).headers["RateLimit-Remaining"] == "0"
    assert verdict(rule(60), owed=60).reset == 60
    assert verdict(rule(5, seconds=0.5), owed=1).headers["RateLimit-Policy"] == "5;w=1"


def test_who_is_denied_is_told_when_to_come_back() -> None:
    told = verdict(rule(6), owed=6, admitted=False)
    assert (told.wait, told.headers["RateLimit-Reset"], told.headers["RateLimit-Remaining"]) == (
        10,
        "10",
        "0",
    )
    assert verdict(rule(6), owed=5.01, admitted=False).wait == 1
    assert verdict(rule(6000), owed=6000, admitted=False).wait == 1
    assert told.reason == "more than 6 requests in 60 s for this user"


def test_the_tightest_limit_is_told_of() -> None:
    wide, narrow = rule(600), rule(60, name="POST /orders")
    charges = [Charge(wide, "a"), Charge(narrow, "b")]
    assert Verdict.of(charges, True, [wide.interval, narrow.interval]).rule is narrow
    assert Verdict.of(charges, True, [wide.burst, narrow.interval]).rule is wide
    assert Verdict.of(charges, False, [wide.burst, narrow.burst]).rule is narrow
    assert Verdict.of(charges, False, [wide.burst, 0]).rule is wide


def test_of_two_verdicts_on_a_request_the_tighter_is_told_of() -> None:
    narrow, wide = rule(3), rule(60)
    assert verdict(wide, owed=1).tighter(verdict(narrow, owed=1)).rule is narrow
    assert verdict(narrow, owed=1).tighter(verdict(wide, owed=1)).rule is narrow
    denied = verdict(wide, owed=60, admitted=False)
    assert verdict(narrow, owed=3).tighter(denied) is denied


def test_what_was_denied_for_being_many_is_not_told_of_less_than_nothing() -> None:
    told = verdict(rule(3), owed=5, admitted=False)
    assert (told.headers["RateLimit-Remaining"], told.wait) == ("0", 60)


def test_a_request_that_does_the_work_of_several_counts_for_the_rest_of_them() -> None:
    limit = Limit(requests=1, seconds=1.0)
    rules = Rules(Limits(routes={"POST /orders": limit}), 1.0)
    charges = rules.beyond(["POST /orders", "GET /orders", "POST /orders"], HOME, ADA)
    assert sorted(charge.rule.name for charge in charges) == sorted(
        ["address", "address", "user", "user", "POST /orders", "POST /orders"]
    )
    assert len(set(charges)) == 3
    assert [charge.key for charge in rules.beyond(["POST /orders"], HOME, ADA)] == ["POST /orders:user:ada"]
    assert rules.beyond([], HOME, ADA) == []


def test_an_anonymous_request_counts_for_its_address() -> None:
    rules = Rules(Limits(), 1.0)
    assert keys(rules.about("GET /products", HOME, None)) == {"address": f"{HOME}"}
    assert keys(rules.about("", HOME, None)) == {"address": f"{HOME}"}
    assert keys(rules.about("POST /auth/login", HOME, None)) == {
        "address": f"{HOME}",
        "POST /auth/login": f"POST /auth/login:{HOME}",
    }


def test_a_user_s_counts_for_the_user_too() -> None:
    rules = Rules(Limits(), 1.0)
    assert keys(rules.about("POST /orders", HOME, ADA)) == {
        "address": f"{HOME}",
        "user": "user:ada",
        "POST /orders": "POST /orders:user:ada",
    }
    assert keys(rules.about("GET /orders", HOME, EVE)) == {
        "address": f"{HOME}",
        "staff": "user:eve",
    }


@pytest.mark.parametrize(
    ("claims", "who"),
    [
        (("203.0.113.7", "127.0.0.1"), "203.0.113.7"),
        ((None, "127.0.0.1"), "127.0.0.1"),
        (("", "127.0.0.1"), "127.0.0.1"),
        (("1.2.3.4, 5.6.7.8", "127.0.0.1"), "127.0.0.1"),
        (("1.2.3.4:80", "127.0.0.1"), "127.0.0.1"),
        (("user:ada", "127.0.0.1"), "127.0.0.1"),
        (("203.0.113.007", "127.0.0.1"), "127.0.0.1"),
        (("٢٠٣.0.113.7", "127.0.0.1"), "127.0.0.1"),
        (("x" * 10_000, "127.0.0.1"), "127.0.0.1"),
        (("2001:db8:1:2:3:4:5:6", None), "2001:db8:1:2::/64"),
        (("2001:0DB8:1:2::ffff", None), "2001:db8:1:2::/64"),
        (("fe80::1%" + "x" * 100, None), "fe80::/64"),
        (("::ffff:203.0.113.7", None), "203.0.113.7"),
        (("::1", None), "::/64"),
        ((None, None), "unknown"),
        (("nowhere", ""), "unknown"),
    ],
)
def test_addresses_by_whoever_has_them(claims: tuple[str | None, ...], who: str) -> None:
    assert subject(*claims) == f"address:{who}"


@pytest.mark.parametrize(("route", "crowd", "pause"), [("register", 50, 10), ("login", 102, 4)])
def test_a_crowd_may_come_at_once_but_nobody_tries_for_long(route: str, crowd: int, pause: int) -> None:
    """The crowd is the customers of `portico load`, who sign in in vain before their accounts are made."""
    _, charge = Rules(Limits(), 1.0).about(f"POST /auth/{route}", HOME, None)
    assert charge.rule.remaining(0) >= crowd
    assert charge.rule.interval >= pause * 1_000_000
