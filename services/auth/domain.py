"""The rules of accounts, guessing and sessions, and what a signing key is."""

import unicodedata
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Literal

from services.contracts.message import Value

Role = Literal["customer", "support", "admin"]

GRACE: Final = timedelta(seconds=10)
"""How long a used refresh token may come again, from a client that did not get the answer."""

_FREE_FAILURES: Final = 5
_LONGEST_PAUSE: Final = timedelta(minutes=15)
_REMEMBERED_ROTATIONS: Final = 16


class Applicant(Value):
    """Who wants an account. `email` is normalised."""

    email: str
    full_name: str | None = None
    roles: tuple[Role, ...] = ("customer",)


class Account(Applicant):
    """Who can sign in. `email` is unique; `password_hash` never leaves the service."""

    user_id: str
    password_hash: str
    registered_at: datetime


class Guesses(Value):
    """Wrong passwords given for one e-mail address since the last right one."""

    failures: int
    last_failed_at: datetime

    def wait(self, now: datetime) -> timedelta:
        """How long the address takes no further password; zero or less when it takes one now.

        One second after the fifth failure, then twice as long each time. Never more than 15 minutes, for
        whoever guesses locks the owner out too.
        """
        if self.failures < _FREE_FAILURES:
            return timedelta()
        pause = timedelta(seconds=2 ** min(self.failures - _FREE_FAILURES, 16))
        return self.last_failed_at + min(pause, _LONGEST_PAUSE) - now


class Rotation(Value):
    """A refresh token, by its digest, that was exchanged for its successor."""

    digest: str
    at: datetime


class Session(Value):
    """A family of refresh tokens, each the successor of the one before; only the last, by its digest, is good."""

    user_id: str
    digest: str
    rotations: tuple[Rotation, ...] = ()
    expires_at: datetime

    def rotated(self, successor: str, now: datetime, lifetime: timedelta) -> "Session":
        """The session after its token was exchanged for the one with the digest `successor`."""
        recent = [rotation for rotation in self.rotations if now - rotation.at <= GRACE]
        rotations = (*recent, Rotation(digest=self.digest, at=now))[-_REMEMBERED_ROTATIONS:]
        changes = {"digest": successor, "rotations": rotations, "expires_at": now + lifetime}
        return self.model_copy(update=changes)


class Presented(Enum):
    """What a refresh token of a session turns out to be."""

    CURRENT = "current"
    REPEATED = "repeated"
    REPLAYED = "replayed"
    EXPIRED = "expired"


def judge(session: Session, digest: str, now: datetime) -> Presented:
    """Tell the token that is good from one used a moment ago, and from one that may be stolen."""
    if now >= session.expires_at:
        return Presented.EXPIRED
    if digest == session.digest:
        return Presented.CURRENT
    recent = any(used.digest == digest and now - used.at <= GRACE for used in session.rotations)
    return Presented.REPEATED if recent else Presented.REPLAYED


class Key(Value):
    """A signing key and what has happened to it so far; what it is now also depends on the other keys.

    `overlap_seconds` is how long after the activation of its successor a token that it signed may still be good.
    One that `revokes` ends all tokens of the keys before it. `asked_by` is a user; None stands for nobody.
    """

    kid: str
    generation: int
    created_at: datetime
    acknowledged_at: datetime | None = None
    activated_at: datetime | None = None
    removed_at: datetime | None = None
    overlap_seconds: float = 0.0
    revokes: bool = False
    reason: str = ""
    asked_by: str | None = None


def normalise_email(email: str) -> str:
    """The form in which an address is unique: composed, trimmed, in lower case."""
    return unicodedata.normalize("NFC", email).strip().lower()
