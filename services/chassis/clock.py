"""The time, for the edges: use cases and domains are told it."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """Now, to the millisecond, as MongoDB keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
