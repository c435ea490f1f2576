from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain import GRACE, Guesses, Presented, Session, judge, normalise_email
from services.auth.tokens import claims

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
LIFETIME = timedelta(days=30)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (9, 16), (14, 512), (15, 900), (10_000, 900)]
)
def test_the_pause_grows_with_the_failures_up_to_fifteen_minutes(failures: int, seconds: int) -> None:
    assert Guesses(failures=failures, last_failed_at=NOW).wait(NOW) == timedelta(seconds=seconds)


def test_the_pause_passes() -> None:
    guesses = Guesses(failures=7, last_failed_at=NOW)
    assert guesses.wait(NOW + timedelta(seconds=3)) == timedelta(seconds=1)
    assert guesses.wait(NOW + timedelta(seconds=4)) == timedelta()


def session() -> Session:
    return Session(user_id="u", digest="a", expires_at=NOW + LIFETIME)


def test_the_last_token_is_good_until_it_expires() -> None:
    assert judge(session(), "a", NOW) is Presented.CURRENT
    assert judge(session(), "a", NOW + LIFETIME) is Presented.EXPIRED


def test_a_used_token_is_a_repetition_for_ten_seconds_and_a_replay_after() -> None:
    rotated = session().rotated("b", NOW, LIFETIME)
    assert judge(rotated, "b", NOW) is Presented.CURRENT
    assert judge(rotated, "a", NOW + GRACE) is Presented.REPEATED
    assert judge(rotated, "a", NOW + GRACE + timedelta(milliseconds=1)) is Presented.REPLAYED


def test_a_token_that_never_was_the_familys_is_a_replay() -> None:
    assert judge(session(), "never", NOW) is Presented.REPLAYED


def test_a_used_token_may_come_again_though_its_successor_was_used_too() -> None:
    twice = session().rotated("b", NOW, LIFETIME).rotated("c", NOW + timedelta(seconds=1), LIFETIME)
    assert judge(twice, "a", NOW + timedelta(seconds=2)) is Presented.REPEATED


def test_each_exchange_prolongs_the_session() -> None:
    later = NOW + timedelta(days=20)
    assert session().rotated("b", later, LIFETIME).expires_at == later + LIFETIME


@given(st.lists(st.integers(min_value=0, max_value=20), max_size=100))
def test_a_session_stays_small_and_only_its_last_token_is_current(pauses: list[int]) -> None:
    held, now = session(), NOW
    for number, pause in enumerate(pauses):
        now += timedelta(seconds=pause)
        held = held.rotated(str(number), now, LIFETIME)
    assert len(held.rotations) <= 16
    current = [d for d in ["a", *map(str, range(len(pauses)))] if judge(held, d, now) is Presented.CURRENT]
    assert current == [held.digest]


def test_addresses_are_unique_whatever_their_case_blanks_and_composition() -> None:
    assert normalise_email("  Ann@Example.COM ") == "ann@example.com"
    assert normalise_email("rene\u0301@example.com") == normalise_email("ren\u00e9@example.com")


def test_claims_say_who_for_whom_and_how_long() -> None:
    assert claims("u-1", ("customer",), NOW, timedelta(minutes=15)) == {
        "iss": "portico-auth",
        "aud": "portico",
        "sub": "u-1",
        "roles": ["customer"],
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 900,
    }
