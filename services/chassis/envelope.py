"""A message with what travels beside it."""

from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from uuid_utils import uuid7

from observability import context
from services.contracts.message import Message

M = TypeVar("M", bound=Message, covariant=True)


def new_id() -> str:
    """A fresh id of 32 hex digits that sorts by time (UUID version 7)."""
    return uuid7().hex


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from: the client's request, the message that caused it, and the trace it belongs to."""

    correlation_id: str
    causation_id: str | None
    traceparent: str

    @classmethod
    def here(cls) -> Self:
        """The request or task that is being worked on now."""
        return cls(context.current().correlation_id, None, context.traceparent())


@dataclass(frozen=True, slots=True)
class Envelope(Generic[M]):
    """A received message, and the aggregate that it is about. What is sent because of it takes `origin` along."""

    id: str
    message: M
    correlation_id: str
    traceparent: str
    aggregate: str = ""

    @property
    def origin(self) -> Origin:
        """This message as the cause of others."""
        return Origin(self.correlation_id, self.id, self.traceparent)
