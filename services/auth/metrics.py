"""The auth service's own figures."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import Gauge

from services.auth.domain import Key
from services.auth.lifecycle import State, active, pending, state

SIGNING_KEYS = Gauge(
    "portico_signing_keys", "Signing keys by state; every instance tells the same", ("state",)
)
SIGNING_KEY_AGE_SECONDS = Gauge(
    "portico_signing_key_age_seconds", "Time since the active signing key became so"
)
SIGNING_KEY_PENDING_SECONDS = Gauge(
    "portico_signing_key_pending_seconds", "Age of the signing key that is on its way; 0 without one"
)
SIGNING_KEY_UNACKNOWLEDGED = Gauge(
    "portico_signing_key_unacknowledged",
    "Processes that do not verify with the signing key that is on its way",
)


def measure(keys: Sequence[Key], unacknowledged: int, now: datetime) -> None:
    """Set all of them. `unacknowledged` counts who is waited for."""
    for each in (State.PUBLISHED, State.ACTIVE, State.RETIRED):
        SIGNING_KEYS.labels(each).set(sum(state(key, keys) is each for key in keys))
    current, coming = active(keys), pending(keys)
    SIGNING_KEY_AGE_SECONDS.set(_seconds(current.activated_at if current else None, now))
    SIGNING_KEY_PENDING_SECONDS.set(_seconds(coming.created_at if coming else None, now))
    SIGNING_KEY_UNACKNOWLEDGED.set(unacknowledged)


def _seconds(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0.0
