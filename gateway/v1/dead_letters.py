"""Dead letters, and who did what to them, as operators see it."""

from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, Field

from gateway.contract import Contract, Tag
from gateway.v1.inputs import Input, Limit, Note, PageQuery
from gateway.vocabulary import NextCursor, OrderId, Time, UserId

DEAD_LETTERS: Final = Tag(
    "Dead letters", "Messages that could not be handled: look, bring back, lay to rest."
)

State = Literal["dead", "replayed", "discarded"]
Reason = Literal["incomprehensible", "attempts_exhausted", "unknown"]

_Id = Annotated[str, Field(description="Id of a dead letter.", examples=["8b2561dabbc8a721"])]
_Text = Annotated[str, Field(min_length=1, max_length=255)]
_Service = Annotated[str, Field(description="Whose queue it died in.", examples=["order"])]
_Queue = Annotated[str, Field(examples=["order.saga"])]
_Kind = Annotated[str, Field(examples=["inventory.stock_reserved.v1"])]
_When = Annotated[AwareDatetime, Field(examples=["2026-01-31T12:00:00Z"])]


class LetterPath(BaseModel):
    """Which dead letter."""

    id: _Id


class Filter(Input):
    """Those that fulfil all that is given."""

    service: Annotated[_Service, Field(min_length=1, max_length=255)] | None = None
    queue: Annotated[_Queue, Field(min_length=1, max_length=255)] | None = None
    kind: Annotated[_Kind, Field(min_length=1, max_length=255)] | None = None
    reason: Reason | None = None
    order_id: Annotated[OrderId, Field(min_length=1, max_length=255)] | None = None
    older_than: Annotated[_When, Field(description="Died at that time or before it.")] | None = None
    newer_than: Annotated[_When, Field(description="Died at that time or after it.")] | None = None


class LettersQuery(Filter, PageQuery):
    """One page of them."""

    state: State | None = None


class ReplayManyIn(Filter):
    """Which ones to bring back."""

    limit: Limit = 100


class DiscardIn(Input):
    """Why."""

    note: Note


class DiscardManyIn(ReplayManyIn, DiscardIn):
    """Which ones to discard, and why."""


class LetterSummaryOut(BaseModel):
    """A dead letter in a list."""

    id: _Id
    service: _Service
    queue: _Queue
    message_id: Annotated[str, Field(examples=["01a208bc10417a0cb6a9a3a1c5d7e911"])]
    kind: _Kind
    order_id: Annotated[OrderId | None, Field(description="Of the order that it is about, if it says so.")]
    state: State
    reason: Annotated[Reason, Field(examples=["attempts_exhausted"])]
    attempts: Annotated[int, Field(description="How often it was tried in its last life.", examples=[6])]
    deaths: Annotated[int, Field(description="How often it died.", examples=[1])]
    replays: Annotated[int, Field(description="How often it was brought back.", examples=[0])]
    replayable: Annotated[bool, Field(examples=[True])]
    size: Annotated[int, Field(description="Of its body, in bytes.", examples=[412])]
    died_at: Time
    settled_at: Annotated[
        Time | None, Field(description="When it was brought back or discarded.", examples=[None])
    ]


class LetterOut(LetterSummaryOut):
    """A dead letter, whole."""

    correlation_id: Annotated[str, Field(examples=["my-shop-42"])]
    traceparent: Annotated[str, Field(examples=["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])]
    history: Annotated[
        tuple[str, ...],
        Field(description="Its failures, oldest first.", examples=[["2026-01-31T12:00:00Z TimeoutError"]]),
    ]
    headers: Annotated[dict[str, Any], Field(examples=[{"x-aggregate": "order/01a208bc"}])]
    encoding: Literal["utf-8", "base64"]
    body: Annotated[str, Field(examples=['{"order_id": "01a208bc0f2e7c31b8d3a0f54c6e9d12"}'])]


class LetterListOut(BaseModel):
    """One page of dead letters."""

    items: tuple[LetterSummaryOut, ...]
    next_cursor: NextCursor


class ManyOut(BaseModel):
    """What became of them."""

    changed: Annotated[int, Field(description="How many were changed.", examples=[12])]
    more: Annotated[bool, Field(description="Whether there are more that fit.", examples=[False])]


class AuditQuery(PageQuery):
    """What was done to a dead letter, an order or a setting, or to anything."""

    subject: (
        Annotated[
            _Text,
            Field(
                description="Its id: a dead letter's, an order's, `config/…` or `flags/…`.",
                examples=["8b2561dabbc8a721"],
            ),
        ]
        | None
    ) = None


class AuditEntryOut(BaseModel):
    """Who did what."""

    id: Annotated[str, Field(examples=["01a208bc2b3c7d4e8f90a1b2c3d4e5f6"])]
    at: Time
    user_id: UserId
    roles: Annotated[list[str], Field(examples=[["admin"]])]
    action: Annotated[str, Field(examples=["discard"])]
    subjects: Annotated[list[str], Field(examples=[["8b2561dabbc8a721"]])]
    details: Annotated[
        dict[str, Any], Field(description="The note, or the filter.", examples=[{"note": "a test"}])
    ]
    outcome: Annotated[str, Field(description="Also what was refused.", examples=["discarded"])]


class AuditOut(BaseModel):
    """One page of the audit trail."""

    items: tuple[AuditEntryOut, ...]
    next_cursor: NextCursor


_NOT_REPLAYABLE: Final = {
    "not-replayable": "Where it died is not known, or it was too large to be kept.",
}

LIST: Final = Contract(
    DEAD_LETTERS,
    "list_dead_letters",
    "Find dead letters",
    "Those that died last come first.",
    query=LettersQuery,
    gives={200: LetterListOut},
)

GET: Final = Contract(
    DEAD_LETTERS,
    "get_dead_letter",
    "Look at a dead letter",
    path=LetterPath,
    gives={200: LetterOut},
)

REPLAY: Final = Contract(
    DEAD_LETTERS,
    "replay_dead_letter",
    "Bring a dead letter back",
    "It goes to the queue where it died, under the id that it had. However often that is asked for, it is sent once.",
    path=LetterPath,
    gives={202: LetterSummaryOut},
    refuses={409: _NOT_REPLAYABLE},
)

DISCARD: Final = Contract(
    DEAD_LETTERS,
    "discard_dead_letter",
    "Lay a dead letter to rest",
    "It can still be brought back for 30 days.",
    path=LetterPath,
    takes=DiscardIn,
    gives={200: LetterSummaryOut},
    refuses={409: {"not-dead": "It was brought back."}},
)

REPLAY_MANY: Final = Contract(
    DEAD_LETTERS,
    "replay_dead_letters",
    "Bring dead letters back",
    "Those that fit, are dead at this moment and can be brought back; those that died first go first.",
    takes=ReplayManyIn,
    gives={202: ManyOut},
)

DISCARD_MANY: Final = Contract(
    DEAD_LETTERS,
    "discard_dead_letters",
    "Lay dead letters to rest",
    "Those that fit and are dead at this moment; those that died first go first.",
    takes=DiscardManyIn,
    gives={200: ManyOut},
)

AUDIT: Final = Contract(
    DEAD_LETTERS,
    "list_audit",
    "Who did what",
    "The last first. It is kept for 400 days.",
    query=AuditQuery,
    gives={200: AuditOut},
)
