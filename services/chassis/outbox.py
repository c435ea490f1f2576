"""The transactional outbox: messages stored in one transaction with the state that they tell of."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, Self

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.chassis.envelope import Origin, new_id
from services.contracts.message import Message

Bson = dict[str, Any]
ORDER = [("rows.aggregate", ASCENDING), ("rows.version", ASCENDING), ("rows.position", ASCENDING)]
"""The order in which rows of one aggregate must leave."""

_ROWS: Final = 200
"""The most that one parcel holds."""


@dataclass(frozen=True, slots=True)
class Resent:
    """A message that was sent before, and now goes straight into one queue with the id and headers that it had."""

    queue: str
    message_id: str
    kind: str
    body: bytes
    headers: Bson


@dataclass(frozen=True, slots=True)
class Row:
    """One message on its way out: the `position`-th thing that is said of this `version` of its aggregate.

    One that was sent before keeps its `message_id` and `headers`, and goes straight into `queue`.
    """

    id: str
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
    queue: str | None = None
    message_id: str | None = None
    headers: Bson | None = None

    @classmethod
    def of(cls, message: Message, aggregate: str, version: int, position: int, origin: Origin) -> Self:
        """`message` with all that travels beside it."""
        return cls(
            new_id(),
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
    def again(cls, resent: Resent, aggregate: str, version: int, origin: Origin) -> Self:
        """A message that was sent before."""
        return cls(
            new_id(),
            aggregate,
            version,
            0,
            "",
            resent.kind,
            resent.body,
            origin.correlation_id,
            origin.causation_id,
            origin.traceparent,
            datetime.now(UTC),
            resent.queue,
            resent.message_id,
            resent.headers,
        )

    @property
    def key(self) -> tuple[str, int, int]:
        """What no other row has, and by which rows of one aggregate sort."""
        return self.aggregate, self.version, self.position


_FIELDS: Final = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, slots=True)
class Parcel:
    """The rows of one transaction, stored in one document. It is struck off when all of them have left."""

    id: str
    lane: str
    rows: tuple[Row, ...]
    stored_at: datetime

    @classmethod
    def read(cls, document: Bson) -> Self:
        """A parcel as the database gave it."""
        rows = tuple(Row(**row) for row in document["rows"])
        return cls(document["_id"], document["lane"], rows, document["stored_at"])

    def document(self) -> Bson:
        """The parcel as it is stored."""
        rows = [{name: getattr(row, name) for name in _FIELDS} for row in self.rows]
        return {"_id": self.id, "lane": self.lane, "rows": rows, "stored_at": self.stored_at}


async def store(
    db: AsyncDatabase[Bson], lane: str, rows: Sequence[Row], session: AsyncClientSession
) -> list[Parcel]:
    """Save rows in the transaction of `session`."""
    now = datetime.now(UTC)
    parcels = [
        Parcel(new_id(), lane, tuple(rows[start : start + _ROWS]), now)
        for start in range(0, len(rows), _ROWS)
    ]
    if parcels:
        await db.outbox.insert_many([parcel.document() for parcel in parcels], session=session)
    return parcels
