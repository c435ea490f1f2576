"""The life of a signing key: published, acknowledged everywhere, active, retired, removed.

A key signs from its activation to the next one's, so one change of one key moves two of them on. All functions take
the keys that are not removed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from services.auth.domain import Key
from services.chassis.errors import Conflict

CLOCK_SKEW: Final = timedelta(seconds=5)
"""How far the clocks of two machines may be apart."""

REVOKING_PATIENCE: Final = timedelta(seconds=60)
"""So long a key that revokes waits to be known everywhere: who does not know it then refuses good tokens, which is
better than that all take those of a thief."""

MOST_KEYS: Final = 8
"""Accepted at a time. Every process and every Envoy holds all of them."""


class State(StrEnum):
    """What a key is good for: nothing yet, signing, verifying, nothing any more."""

    PUBLISHED = "published"
    ACTIVE = "active"
    RETIRED = "retired"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast keys follow one another.

    A key signs when all have known it for as long as `settling`, and is followed by a new one after `period`; None
    leaves that to people.
    """

    settling: timedelta
    period: timedelta | None


@dataclass(frozen=True, slots=True)
class Begin:
    """A new key is wanted: why, by whom, and whether it shall end the tokens of all keys before it."""

    reason: str
    asked_by: str | None = None
    revokes: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A key becomes something, such as "active". It holds only if the key is still as it was before."""

    becomes: str
    before: Key
    after: Key


def active(keys: Iterable[Key]) -> Key | None:
    """The key that signs; None before there has been one."""
    activated = (key for key in keys if key.activated_at is not None)
    return max(activated, key=lambda key: key.generation, default=None)


def pending(keys: Iterable[Key]) -> Key | None:
    """The key that is on its way."""
    return next((key for key in keys if key.activated_at is None), None)


def awaited(keys: Sequence[Key]) -> Key | None:
    """The key that has to be acknowledged. The very first waits for nobody: there is no other to sign with."""
    return pending(keys) if active(keys) else None


def state(key: Key, keys: Iterable[Key]) -> State:
    """What a key is now."""
    if key.removed_at is not None:
        return State.REMOVED
    if key.activated_at is None:
        return State.PUBLISHED
    return State.ACTIVE if key == active(keys) else State.RETIRED


def accepted_until(key: Key, keys: Iterable[Key]) -> datetime | None:
    """When a retired key is removed: with its last token, or when one that revokes became active. Else None."""
    followers = [
        (other.generation, other.revokes, other.activated_at)
        for other in keys
        if other.generation > key.generation and other.activated_at is not None
    ]
    if not followers:
        return None
    _, _, replaced_at = min(followers)
    last = replaced_at + timedelta(seconds=key.overlap_seconds) + CLOCK_SKEW
    return min([last, *(at for _, revokes, at in followers if revokes)])


def next_generation(keys: Sequence[Key], wish: Begin) -> int:
    """The generation of a key that begins now. Raises Conflict while another is on its way, or for too many."""
    if (other := pending(keys)) is not None:
        raise Conflict(f"the key {other.kid} is on its way", slug="rotation-in-progress")
    # One that revokes leaves none of the others.
    if len(keys) >= MOST_KEYS and not wish.revokes:
        raise Conflict(f"{len(keys)} keys are still accepted, no more are possible", slug="too-many-keys")
    return max((key.generation for key in keys), default=0) + 1


def hastened(key: Key, wish: Begin) -> Key:
    """A key that is on its way, now with a wish to revoke: it takes the place of another one for that."""
    return key.model_copy(update={"revokes": True, "reason": wish.reason, "asked_by": wish.asked_by})


def next_step(keys: Sequence[Key], acknowledged: bool, now: datetime, pace: Pace) -> Begin | Change | None:
    """What is to be done now. `acknowledged` tells whether every process verifies with the awaited key."""
    # What was heard comes first: nobody will say it again.
    return (
        _step_of_pending(keys, acknowledged, now, pace.settling)
        or _removal(keys, now)
        or _begin_by_itself(keys, now, pace.period)
    )


def _step_of_pending(
    keys: Sequence[Key], acknowledged: bool, now: datetime, settling: timedelta
) -> Change | None:
    if (key := pending(keys)) is None:
        return None
    if active(keys) is None:
        return _change("active", key, activated_at=now)
    if key.revokes and key.created_at + REVOKING_PATIENCE <= now:
        return _change("active, whoever knows it", key, activated_at=now)
    if not acknowledged:
        # Somebody has come, or has come back, who does not know it.
        return _change("no longer known to all", key, acknowledged_at=None) if key.acknowledged_at else None
    if key.acknowledged_at is None:
        return _change("acknowledged by all", key, acknowledged_at=now)
    return _change("active", key, activated_at=now) if key.acknowledged_at + settling <= now else None


def _removal(keys: Sequence[Key], now: datetime) -> Change | None:
    ends = ((key, accepted_until(key, keys)) for key in keys)
    over = (key for key, end in ends if end is not None and end <= now)
    return next((_change("removed", key, removed_at=now) for key in over), None)


def _begin_by_itself(keys: Sequence[Key], now: datetime, period: timedelta | None) -> Begin | None:
    if not keys:
        return Begin("the first key")
    current = active(keys)
    busy = pending(keys) is not None or len(keys) >= MOST_KEYS
    if busy or period is None or current is None or current.activated_at is None:
        return None
    return Begin("scheduled") if current.activated_at + period <= now else None


def _change(becomes: str, key: Key, **fields: Any) -> Change:
    return Change(becomes, key, key.model_copy(update=fields))
