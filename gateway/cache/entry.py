"""What is kept of an answer, and how long it may be given."""

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from pydantic_core import to_json

from discovery.config.caching import Freshness


class Composed(Protocol):
    """A page, as it was composed or as a version shows it."""

    @property
    def degraded(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A JSON answer that is the same for everybody. `tags` name what it shows; one that lacks something is not kept."""

    body: bytes
    tags: frozenset[str]
    complete: bool = True

    @classmethod
    def of(cls, page: Composed, *tags: str) -> "Fetched":
        """A page that shows what is named by these tags."""
        return cls(to_json(page), frozenset(tags), complete=not page.degraded)


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer that was kept. `born` is the moment before it was fetched, by the clock of invalidations."""

    body: bytes
    etag: str
    tags: frozenset[str]
    born: int

    @classmethod
    def of(cls, fetched: Fetched, born: int) -> "Entry":
        """The answer as it is kept."""
        etag = f'"{hashlib.blake2b(fetched.body, digest_size=12).hexdigest()}"'
        return cls(fetched.body, etag, fetched.tags, born)


class State(Enum):
    """What an entry is still good for."""

    FRESH = "to be given"
    STALE = "to be given while it is fetched anew"
    SPARE = "to be given when it cannot be fetched"
    GONE = "nothing"


def judge(age: float, freshness: Freshness, *, valid: bool = True) -> State:
    """What an entry of this age in seconds is good for; one that is not `valid` was invalidated since it was born."""
    stale_until = freshness.fresh + freshness.stale_while_revalidate
    if valid and age < freshness.fresh:
        return State.FRESH
    if valid and age < stale_until:
        return State.STALE
    return State.SPARE if age < stale_until + freshness.stale_if_error else State.GONE


def lifetime(freshness: Freshness) -> float:
    """After so many seconds it is good for nothing."""
    return freshness.fresh + freshness.stale_while_revalidate + freshness.stale_if_error
