"""What every message is: a frozen model with a versioned kind, which is also its routing key."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen part of a message. Unknown fields are ignored, so that a newer sender does not break an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Value):
    """Something said on the bus. `kind` is `<owner>.<name>.v<n>`; a change of meaning is a new version."""

    kind: ClassVar[str]
    exchange: ClassVar[str]


class Event(Message):
    """Something that happened, in the past tense. Whoever is interested listens; nobody has to."""

    exchange: ClassVar[str] = "portico.events"


class Command(Message):
    """Something one service asks of another, in the imperative. It must reach a queue or stay in the outbox."""

    exchange: ClassVar[str] = "portico.commands"
