"""A signing key's life as pure data: what is done next, given the keys, what was heard, and the time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain import Key
from services.auth.lifecycle import (
    CLOCK_SKEW,
    MOST_KEYS,
    REVOKING_PATIENCE,
    Begin,
    Change,
    Pace,
    State,
    accepted_until,
    active,
    awaited,
    hastened,
    next_generation,
    next_step,
    pending,
    state,
)
from services.chassis.errors import Conflict

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PACE = Pace(settling=2 * SECOND, period=90 * DAY)
OVERLAP = 900.0
DRILL, STOLEN = Begin("a drill"), Begin("it was stolen", revokes=True)


def key(generation: int, **fields: Any) -> Key:
    return Key(kid=f"k{generation}", generation=generation, created_at=NOW, overlap_seconds=OVERLAP, **fields)


def signing(generation: int, at: datetime = NOW, **fields: Any) -> Key:
    """A key that was activated."""
    return key(generation, acknowledged_at=at, activated_at=at, **fields)


def changed(step: Begin | Change | None) -> Key:
    """What a step makes of a key."""
    assert isinstance(step, Change)
    return step.after


def test_without_a_key_the_first_one_begins_and_signs_at_once() -> None:
    assert next_step([], False, NOW, PACE) == Begin("the first key")
    first = key(1)
    assert awaited([first]) is None
    assert changed(next_step([first], False, NOW, PACE)).activated_at == NOW


def test_a_published_key_waits_until_all_know_it() -> None:
    keys = [signing(1), key(2)]
    assert awaited(keys) == keys[1]
    assert next_step(keys, False, NOW + DAY, PACE) is None
    assert changed(next_step(keys, True, NOW, PACE)).acknowledged_at == NOW


def test_it_signs_when_all_have_known_it_for_a_while() -> None:
    keys = [signing(1), key(2, acknowledged_at=NOW)]
    assert next_step(keys, True, NOW + SECOND, PACE) is None
    after = changed(next_step(keys, True, NOW + 2 * SECOND, PACE))
    assert (after.kid, after.activated_at) == ("k2", NOW + 2 * SECOND)


def test_one_who_does_not_know_it_lets_the_wait_begin_anew() -> None:
    keys = [signing(1), key(2, acknowledged_at=NOW)]
    doubted = changed(next_step(keys, False, NOW + DAY, PACE))
    assert (doubted.acknowledged_at, doubted.activated_at) == (None, None)
    again = changed(next_step([keys[0], doubted], True, NOW + DAY, PACE))
    assert (again.acknowledged_at, again.activated_at) == (NOW + DAY, None)


def test_what_a_key_is_follows_from_all_of_them() -> None:
    keys = [signing(1), signing(2), key(3)]
    assert [state(each, keys) for each in keys] == [State.RETIRED, State.ACTIVE, State.PUBLISHED]
    assert state(signing(1, removed_at=NOW), []) is State.REMOVED
    assert (active(keys), pending(keys)) == (keys[1], keys[2])


def test_a_retired_key_is_accepted_until_the_last_of_its_tokens_has_expired() -> None:
    keys = [signing(1, NOW - DAY), signing(2), key(3)]
    end = NOW + timedelta(seconds=OVERLAP) + CLOCK_SKEW
    assert [accepted_until(each, keys) for each in keys] == [end, None, None]
    assert next_step(keys[:2], False, end - SECOND, PACE) is None
    removed = changed(next_step(keys[:2], False, end, PACE))
    assert (removed.kid, removed.removed_at) == ("k1", end)


def test_it_counts_from_its_own_successor_not_from_the_newest() -> None:
    keys = [signing(1), signing(2, NOW + SECOND), signing(3, NOW + DAY)]
    ends = [accepted_until(each, keys) for each in keys]
    overlap = timedelta(seconds=OVERLAP) + CLOCK_SKEW
    assert ends == [NOW + SECOND + overlap, NOW + DAY + overlap, None]


def test_a_key_that_revokes_ends_all_before_it_when_it_signs_and_not_earlier() -> None:
    older = [signing(1), signing(2, NOW + SECOND)]
    waiting = [*older, key(3, revokes=True, acknowledged_at=NOW)]
    assert all(end is None or end > NOW + 900 * SECOND for end in (accepted_until(k, waiting) for k in older))
    keys = [*older, signing(3, NOW + 2 * SECOND, revokes=True)]
    assert [accepted_until(each, keys) for each in keys] == [NOW + 2 * SECOND, NOW + 2 * SECOND, None]


def test_only_one_key_is_on_its_way_and_not_too_many_are_accepted() -> None:
    assert next_generation([], DRILL) == 1
    assert next_generation([signing(4), signing(5)], DRILL) == 6
    with pytest.raises(Conflict) as refused:
        next_generation([signing(1), key(2)], STOLEN)
    assert refused.value.slug == "rotation-in-progress"
    many = [signing(n) for n in range(MOST_KEYS)]
    with pytest.raises(Conflict) as refused:
        next_generation(many, DRILL)
    assert refused.value.slug == "too-many-keys"
    assert next_generation(many, STOLEN) == MOST_KEYS


def test_an_old_key_is_replaced_by_itself_unless_people_want_to_do_it() -> None:
    keys = [signing(1, NOW - 90 * DAY)]
    assert next_step(keys, False, NOW, PACE) == Begin("scheduled")
    assert next_step(keys, False, NOW - SECOND, PACE) is None
    assert next_step(keys, False, NOW, Pace(SECOND, None)) is None


def test_while_too_many_are_accepted_none_begins_by_itself() -> None:
    keys = [signing(n, NOW - 100 * DAY + n * SECOND, revokes=False) for n in range(MOST_KEYS)]
    keys = [each.model_copy(update={"overlap_seconds": 200 * 86400.0}) for each in keys]
    assert next_step(keys, False, NOW, PACE) is None


Turn = tuple[int, bool, bool]
"""Seconds that pass, whether everybody knows the awaited key then, and whether somebody asks for a new one."""


@given(st.lists(st.tuples(st.integers(0, 2000), st.booleans(), st.booleans()), max_size=60))
def test_whatever_happens_nobody_is_refused_for_what_the_keys_do(turns: list[Turn]) -> None:
    """From the first key on one signs, it was known to all for a while, and no key goes before its tokens do."""
    keys: list[Key] = []
    removed: list[Key] = []
    known_since: datetime | None = None
    now = NOW
    for seconds, acknowledged, wanted in [(0, False, False), (0, False, False), *turns]:
        now += seconds * SECOND
        if wanted and pending(keys) is None and keys and len(keys) < MOST_KEYS:
            keys.append(key(next_generation(keys, DRILL)))
        known_since = (known_since or now) if acknowledged and awaited(keys) else None
        step = next_step(keys, acknowledged, now, PACE)
        if isinstance(step, Begin):
            keys.append(key(next_generation(keys, DRILL)))
        elif step is not None:
            check(step, keys, known_since, now)
            keys = [step.after if each.kid == step.before.kid else each for each in keys]
            removed += [each for each in keys if each.removed_at]
            keys = [each for each in keys if not each.removed_at]
    assert sum(state(each, keys) is State.ACTIVE for each in keys) == 1
    assert [each.generation for each in (*removed, *keys)] == list(range(1, len(removed) + len(keys) + 1))


def check(step: Change, keys: Sequence[Key], known_since: datetime | None, now: datetime) -> None:
    """Whether a step breaks no promise."""
    if step.after.removed_at:
        successor = next(each for each in keys if each.generation == step.before.generation + 1)
        assert successor.activated_at is not None
        assert now - successor.activated_at >= timedelta(seconds=OVERLAP)
    elif step.after.activated_at and active(keys):
        assert known_since is not None
        assert now - known_since >= PACE.settling


def test_a_key_that_revokes_does_not_wait_for_ever() -> None:
    keys = [signing(1), hastened(key(2), STOLEN)]
    assert (keys[1].revokes, keys[1].reason) == (True, STOLEN.reason)
    assert next_step(keys, False, NOW + REVOKING_PATIENCE - SECOND, PACE) is None
    assert (
        changed(next_step(keys, False, NOW + REVOKING_PATIENCE, PACE)).activated_at == NOW + REVOKING_PATIENCE
    )
    assert next_step([signing(1), key(2)], False, NOW + REVOKING_PATIENCE, PACE) is None
