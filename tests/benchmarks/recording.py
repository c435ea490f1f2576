"""What one order writes on its way from accepted to CONFIRMED, heard from MongoDB itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import ClientSession

from tests.benchmarks import sagas
from tests.benchmarks.changes import Change, watched
from tests.benchmarks.load import Request
from tests.benchmarks.platform import Platform

Bson = dict[str, Any]
OUTBOX = "outbox"
# These have one document for all that is committed together, with a list of what belongs to it.
GATHERED = {OUTBOX: "rows", "inbox": "messages"}


@dataclass(frozen=True)
class Write:
    """One document that is inserted or replaced, or whose `document` fields are set.

    `collection` is `<database>.<name>`.
    """

    kind: Literal["insert", "replace", "update"]
    collection: str
    id: str
    document: Bson

    @property
    def gathered(self) -> str | None:
        """The field that lists what belongs to each of many, where they share a document."""
        return GATHERED.get(self.collection.rpartition(".")[2])

    @property
    def messages(self) -> tuple[bytes, ...]:
        """What is published because of it."""
        is_parcel = self.collection.endswith(f".{OUTBOX}")
        return tuple(bytes(row["body"]) for row in self.document["rows"]) if is_parcel else ()


@dataclass(frozen=True)
class Transaction:
    """What is committed together, in order."""

    writes: tuple[Write, ...]

    @property
    def messages(self) -> tuple[bytes, ...]:
        """What is published once it is committed."""
        return tuple(body for write in self.writes for body in write.messages)


Recording = tuple[Transaction, ...]


async def record(platform: Platform, order: Request) -> Recording:
    """Place an order on an idle platform, and return its transactions in order."""
    await sagas.settled(platform)
    async with (
        watched(platform.mongo) as changes,
        ClientSession(platform.layout.url("edge"), raise_for_status=True) as http,
        http.request(order.method, order.path, data=order.body, headers=order.headers()),
    ):
        await sagas.settled(platform)
    return transactions(changes)


def transactions(changes: Sequence[Change]) -> Recording:
    """Those changes that were made in transactions: a lease that is renewed and the sandbox's ledger are not."""
    together: dict[tuple[bytes, int], list[Write]] = {}
    for change in changes:
        if "txnNumber" in change:
            together.setdefault((change["lsid"]["id"], change["txnNumber"]), []).append(_write(change))
    return tuple(Transaction(tuple(writes)) for writes in together.values())


def _write(change: Change) -> Write:
    collection = f"{change['ns']['db']}.{change['ns']['coll']}"
    kind, id = change["operationType"], change["documentKey"]["_id"]
    fields = change["updateDescription"]["updatedFields"] if kind == "update" else change["fullDocument"]
    return Write(kind, collection, id, fields)
