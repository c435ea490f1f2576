"""The transactional outbox: messages stored in one transaction with the state that they tell of."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.chassis.envelope import Origin, new_id
from services.contracts.message import Message

Bson = dict[str, Any]
ORDER = [("aggregate", ASCENDING), ("version", ASCENDING), ("position", ASCENDING)]
"""The order in which rows of one aggregate must leave."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message on its way out: the `position`-th thing that is said of this `version` of its aggregate."""

    id: str
    lane: str
    aggregate: str
    version: int
    position: int
    exchange: str
    kind: str
    body: bytes
    correlation_id: str
    causation_id: str | None
    traceparent: str
    stored_at: datetime

    @classmethod
    def of(
        cls, message: Message, lane: str, aggregate: str, version: int, position: int, origin: Origin
    ) -> Self:
        """`message` with all that travels beside it."""
        return cls(
            new_id(),
            lane,
            aggregate,
            version,
            position,
            message.exchange,
            message.kind,
            message.model_dump_json().encode(),
            origin.correlation_id,
            origin.causation_id,
            origin.traceparent,
            datetime.now(UTC),
        )

    @classmethod
    def read(cls, document: Bson) -> Self:
        """A row as the database gave it."""
        return cls(id=document.pop("_id"), **document)

    def document(self) -> Bson:
        """The row as it is stored."""
        fields = asdict(self)
        return {"_id": fields.pop("id"), **fields}


class Lane:
    """Where this process writes its rows, and relays them from. It is renamed when the lease on it was lost."""

    def __init__(self) -> None:
        self.name = new_id()
        self.filled = asyncio.Event()

    def nudge(self) -> None:
        """Tell the relay that rows were committed."""
        self.filled.set()

    def leave(self) -> None:
        """Write into a fresh lane from now on; whoever took the old one over publishes what is in it."""
        self.name = new_id()


async def store(db: AsyncDatabase[Bson], rows: Iterable[Row], session: AsyncClientSession) -> None:
    """Save rows in the transaction of `session`."""
    documents = [row.document() for row in rows]
    if documents:
        await db.outbox.insert_many(documents, session=session)
