"""What the operations service's HTTP edge takes and gives."""

import base64
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.operations.documents import AuditEntry
from services.operations.domain import DeadLetter, Reason, State


def _written_out(value: object) -> object:
    """Read from text that says it; a number would be taken for seconds since 1970."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError("must be a time such as 2026-01-31T12:00:00Z") from error


Text = Annotated[str, Field(min_length=1, max_length=255)]
Limit = Annotated[int, Field(ge=1, le=100)]
Time = Annotated[AwareDatetime, BeforeValidator(_written_out)]


class Input(BaseModel):
    """Unknown fields are refused: nothing that a client sends is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Filter(Input):
    """Which dead letters: those that fulfil all that is given. Older ones died at that time or before it."""

    service: Text | None = None
    queue: Text | None = None
    kind: Text | None = None
    reason: Reason | None = None
    order_id: Text | None = None
    older_than: Time | None = None
    newer_than: Time | None = None


class ListQuery(Filter):
    """One page of them, those that died last first."""

    state: State | None = None
    limit: Limit = 20
    cursor: Annotated[str, Field(max_length=500)] | None = None


class Position(BaseModel):
    """Where a page ended."""

    died_at: datetime
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Nothing(Input):
    """A body that has nothing to say."""


class ReplayManyIn(Filter):
    """Which ones to bring back, and how many at most."""

    limit: Limit = 100


class DiscardIn(Input):
    """Why."""

    note: Annotated[str, Field(min_length=1, max_length=500)]


class DiscardManyIn(ReplayManyIn, DiscardIn):
    """Which ones to discard, how many at most, and why."""


class ManyOut(BaseModel):
    """How many were changed, and whether there are more that fit."""

    changed: int
    more: bool


class AuditQuery(Input):
    """What was done to a subject, or to anything; the last first."""

    subject: Text | None = None
    limit: Limit = 20
    cursor: Annotated[str, Field(max_length=500)] | None = None


class AuditPosition(BaseModel):
    """Where a page of the audit ended."""

    before: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class SummaryOut(BaseModel):
    """A dead letter in a list. `size` is that of its body in bytes."""

    id: str
    service: str
    queue: str
    message_id: str
    kind: str
    order_id: str | None
    state: State
    reason: Reason
    attempts: int
    deaths: int
    replays: int
    replayable: bool
    size: int
    died_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """Without what it says."""
        return cls(**{name: getattr(letter, name) for name in SummaryOut.model_fields})


class LetterOut(SummaryOut):
    """A dead letter, whole. `body` is its text as it came, or base64 when it is none."""

    correlation_id: str
    traceparent: str
    history: tuple[str, ...]
    headers: dict[str, Any]
    encoding: Literal["utf-8", "base64"]
    body: str

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """With what it says."""
        encoding, body = _readable(letter.body)
        return cls(
            **SummaryOut.of(letter).model_dump(),
            correlation_id=letter.correlation_id,
            traceparent=letter.traceparent,
            history=letter.history,
            headers=letter.headers,
            encoding=encoding,
            body=body,
        )


class EntryOut(BaseModel):
    """One entry of the audit trail."""

    id: str
    at: datetime
    user_id: str
    roles: list[str]
    action: str
    subjects: list[str]
    details: dict[str, Any]
    outcome: str

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        """One entry as it was written."""
        return cls(**entry.model_dump())


def _readable(body: bytes) -> tuple[Literal["utf-8", "base64"], str]:
    try:
        return "utf-8", body.decode()
    except UnicodeDecodeError:
        return "base64", base64.b64encode(body).decode()
