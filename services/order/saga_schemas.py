"""What the order service tells operators of its sagas, and takes from them."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, Field, ValidationError

from services.contracts.order import CancelReason, OrderStatus
from services.order.domain import Compensation, Phase
from services.order.schemas import Input

_TOLD: Final = ("reason", "undo", "what", "note", "by", "deadline", "ask_again_at", "wake_at")


class SagasQuery(Input):
    """Which of the sagas that are not over."""

    stuck: bool = False
    phase: Phase | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=500)] | None = None


class SagasPosition(BaseModel):
    """Where a page of sagas ended."""

    wake_at: datetime
    order_id: Annotated[str, Field(max_length=64)]


class Nothing(Input):
    """A body that has nothing to say."""


class CompensateIn(Input):
    """Why, in the operator's words."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class SagaOut(BaseModel):
    """Where a saga is. Of one whose read model cannot be read, little more than its order's id is known.

    It is `stuck` when it was not looked at though its time had come, or when it has been compensating for too long.
    """

    order_id: str
    readable: bool = True
    stuck: bool
    user_id: str | None = None
    payment_id: str | None = None
    status: OrderStatus | None = None
    phase: Phase | None = None
    reason: CancelReason | None = None
    undo: tuple[Compensation, ...] = ()
    deadline: datetime | None = None
    wake_at: datetime | None = None
    compensating_since: datetime | None = None
    version: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def read(cls, document: dict[str, Any], stuck_since: datetime) -> Self:
        """A stored order, in whatever state its document is."""
        state = document.get("order")
        known = state if isinstance(state, dict) else {}
        try:
            saga = cls.model_validate({**known, "order_id": document["_id"], "stuck": False})
        except ValidationError:
            wake_at = known.get("wake_at")
            known_wake_at = wake_at if isinstance(wake_at, datetime) else None
            return cls(order_id=document["_id"], readable=False, stuck=True, wake_at=known_wake_at)
        return saga.model_copy(update={"readable": bool(known), "stuck": saga._is_stuck(stuck_since)})

    def _is_stuck(self, since: datetime) -> bool:
        if self.wake_at is None:
            return False
        turned = self.compensating_since
        return self.wake_at <= since or (turned is not None and turned <= since)


class EventOut(BaseModel):
    """One event of an order's stream; `details` are those that tell how the saga went."""

    sequence: int
    at: datetime | None
    type: str
    details: dict[str, Any]

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """A stored event, also one that the order service does not understand."""
        found = document.get("event")
        event = found if isinstance(found, dict) else {}
        sequence, at, type = document.get("sequence"), event.get("at"), event.get("type")
        return cls(
            sequence=sequence if isinstance(sequence, int) else 0,
            at=at if isinstance(at, datetime) else None,
            type=type if isinstance(type, str) else "unknown",
            details={name: event[name] for name in _TOLD if event.get(name)},
        )


class SagaPageOut(BaseModel):
    """A saga and its stream. `saga` is None when the order has no read model."""

    order_id: str
    saga: SagaOut | None
    events: list[EventOut]
