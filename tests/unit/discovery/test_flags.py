"""Feature flags: for whom they are on, and how OpenFeature is answered."""

import orjson
import pytest
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import Reason

from discovery.config.flags import Flag, flag
from discovery.config.provider import ConsulProvider
from discovery.config.section import Unusable

USERS = [f"user-{number}" for number in range(5_000)]


def on(wanted: Flag, user: str | None, *roles: str) -> bool:
    return wanted.decide("a-flag", user, roles)[0]


def test_on_and_off_for_everybody() -> None:
    assert on(Flag(), None)
    assert on(Flag(), "u1", "customer")
    assert not on(Flag(enabled=False), "u1", "admin")


def test_for_some_roles() -> None:
    staff = Flag(roles=("support", "admin"))
    assert on(staff, "u1", "customer", "support")
    assert not on(staff, "u1", "customer")
    assert not on(staff, None)


def test_for_a_share_that_grows_and_keeps_whom_it_has() -> None:
    tenth = {user for user in USERS if on(Flag(percentage=10), user)}
    half = {user for user in USERS if on(Flag(percentage=50), user)}
    assert len(tenth) == pytest.approx(500, abs=80)
    assert len(half) == pytest.approx(2_500, abs=150)
    assert tenth < half
    assert not any(on(Flag(percentage=0), user) for user in USERS)
    assert not on(Flag(percentage=99), None)


def test_shares_of_two_flags_are_independent() -> None:
    one = {user for user in USERS if Flag(percentage=50).decide("one", user, ())[0]}
    other = {user for user in USERS if Flag(percentage=50).decide("other", user, ())[0]}
    assert len(one & other) == pytest.approx(1_250, abs=150)


@pytest.mark.parametrize(
    "document", [b"", b"true", b'{"on": true}', b'{"percentage": 101}', b'{"roles": ["boss"]}']
)
def test_what_is_no_flag_is_refused(document: bytes) -> None:
    with pytest.raises(Unusable):
        flag(document)


def test_openfeature_is_answered_with_a_reason() -> None:
    provider = ConsulProvider()
    unset = provider.resolve_boolean_details("a-flag", True)
    assert (unset.value, unset.reason) == (True, Reason.DEFAULT)
    provider.learn({"a-flag": orjson.dumps({"roles": ["admin"]}), "bad": b"?"})
    admin = EvaluationContext("u1", {"roles": ["admin"]})
    assert provider.resolve_boolean_details("a-flag", False, admin).value
    assert not provider.resolve_boolean_details("a-flag", True, EvaluationContext("u2")).value
    assert provider.resolve_boolean_details("bad", True).reason == Reason.DEFAULT
    assert provider.resolve_string_details("a-flag", "x").error_code is not None


def test_a_flag_that_became_unreadable_stays_as_it_was_and_a_deleted_one_goes() -> None:
    provider = ConsulProvider()
    provider.learn({"a-flag": b'{"enabled": false}'})
    provider.learn({"a-flag": b"broken"})
    assert not provider.resolve_boolean_details("a-flag", True).value
    provider.learn({})
    assert provider.resolve_boolean_details("a-flag", True).value
