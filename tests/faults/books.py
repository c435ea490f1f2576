"""What the databases hold of a stretch of time, read from outside as an auditor would, each collection in one place."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self, TypeVar

from pymongo import AsyncMongoClient

from tests.faults.fold import Doc

T = TypeVar("T")
Letter = tuple[str, str]
"""The queue where a message died, and its id."""
NOT_OURS: Final = {"admin", "config", "local"}
FINAL: Final = ("CONFIRMED", "CANCELLED")


@dataclass(frozen=True)
class Books:
    """Orders placed since some moment, and all that belongs to them. `shelf`, `counted` and `sold` are of all times.

    `orders` are read models and `streams` their events, by order id; `named` the order that each Idempotency-Key led
    to; `payments` are by order id and `charges`, the provider's own ledger, by payment id. `shelf` is the stock of
    each sku, `counted` the sum of its adjustments, `sold` what confirmed orders took of it. `adjustments` counts those
    with the same reason.
    """

    orders: Mapping[str, Doc]
    streams: Mapping[str, Sequence[Doc]]
    named: Mapping[str, str]
    reservations: Mapping[str, Doc]
    payments: Mapping[str, Sequence[Doc]]
    charges: Mapping[str, Doc]
    shelf: Mapping[str, Doc]
    counted: Mapping[str, int]
    sold: Mapping[str, int]
    adjustments: Counter[str]

    def without(self, earlier: Iterable[Self]) -> Self:
        """What was not told before: a clock that was ahead dates orders and charges as if they came later.

        What is still reserved stays, whoever it is for.
        """
        told = list(earlier)
        orders = {order_id for books in told for order_id in books.orders}
        charges = {payment_id for books in told for payment_id in books.charges}
        held = {order_id for order_id, held in self.reservations.items() if held["state"] == "reserved"}
        return replace(
            self,
            orders=_others(self.orders, orders),
            streams=_others(self.streams, orders),
            named={key: order_id for key, order_id in self.named.items() if order_id not in orders},
            reservations=_others(self.reservations, orders - held),
            payments=_others(self.payments, orders),
            charges=_others(self.charges, charges),
        )


class Databases:
    """Every database of the platform, for somebody who may read all of them."""

    def __init__(self, client: AsyncMongoClient[Doc]) -> None:
        self._client = client

    async def books(self, since: datetime) -> Books:
        """All that is known of orders placed since then."""
        orders = {
            row["_id"]: row["order"]
            async for row in self._client.order.orders.find({"order.created_at": {"$gte": since}})
        }
        ids = list(orders)
        return Books(
            orders=orders,
            streams=await self._streams(ids),
            named=await self._named(since),
            reservations=await self._reservations(ids),
            payments=await self._payments(ids),
            charges=await self._charges([order["payment_id"] for order in orders.values()], since),
            shelf={row["_id"]: row["stock"] async for row in self._client.inventory.stock.find()},
            counted=await self._counted(),
            sold=await self._sold(),
            adjustments=await self._adjustments(since),
        )

    async def unfinished(self) -> int:
        """How many orders have not ended."""
        return await self._client.order.orders.count_documents({"order.status": {"$nin": FINAL}})

    async def unsent(self) -> dict[str, int]:
        """How many messages wait in the outbox of each database that has any."""
        found = {name: await self._client[name].outbox.count_documents({}) for name in await self._names()}
        return {name: count for name, count in found.items() if count}

    async def not_taken(self, queue: str, message_ids: Collection[str]) -> set[str]:
        """Those of these messages that the inbox behind a queue does not know; none of a service that has no inbox."""
        database = self._client[queue.partition(".")[0]]
        if "inbox" not in await database.list_collection_names():
            return set()
        keys = {f"{queue}/{message_id}": message_id for message_id in message_ids}
        async for row in database.inbox.find({"messages": {"$in": list(keys)}}):
            for key in row["messages"]:
                keys.pop(key, None)
        return set(keys.values())

    async def dead_letters(self, since: datetime) -> list[Letter]:
        """What died since then."""
        letters = self._client.operations.dead_letters.find({"letter.died_at": {"$gte": since}})
        return [(row["letter"]["queue"], row["letter"]["message_id"]) async for row in letters]

    async def _names(self) -> list[str]:
        return [name for name in await self._client.list_database_names() if name not in NOT_OURS]

    async def _streams(self, order_ids: Sequence[str]) -> dict[str, list[Doc]]:
        streams = defaultdict(list)
        events = self._client.order.order_events.find({"order_id": {"$in": order_ids}})
        async for event in events.sort([("order_id", 1), ("sequence", 1)]):
            streams[event["order_id"]].append(event)
        return streams

    async def _named(self, since: datetime) -> dict[str, str]:
        named = {}
        async for row in self._client.order.idempotency.find({"stored_at": {"$gte": since}}):
            _, method, path, key = row["_id"].split(" ")
            if (method, path) == ("POST", "/orders"):
                named[key] = json.loads(row["answer"])["order_id"]
        return named

    async def _reservations(self, order_ids: Sequence[str]) -> dict[str, Doc]:
        """Theirs, and whatever is still held for anybody."""
        wanted = {"$or": [{"_id": {"$in": order_ids}}, {"reservation.state": "reserved"}]}
        rows = self._client.inventory.reservations.find(wanted)
        return {row["_id"]: row["reservation"] async for row in rows}

    async def _payments(self, order_ids: Sequence[str]) -> dict[str, list[Doc]]:
        payments = defaultdict(list)
        async for row in self._client.payment.payments.find({"payment.order_id": {"$in": order_ids}}):
            payments[row["payment"]["order_id"]].append(row["payment"])
        return payments

    async def _charges(self, payment_ids: Sequence[str], since: datetime) -> dict[str, Doc]:
        wanted = {"$or": [{"_id": {"$in": payment_ids}}, {"opened_at": {"$gte": since}}]}
        return {row["_id"]: row async for row in self._client.payment.sandbox_ledger.find(wanted)}

    async def _adjustments(self, since: datetime) -> Counter[str]:
        rows = self._client.inventory.adjustments.find({"at": {"$gte": since}}, {"reason": 1})
        return Counter([row["reason"] async for row in rows])

    async def _counted(self) -> dict[str, int]:
        total: Doc = {"$group": {"_id": "$sku", "sum": {"$sum": "$delta"}}}
        return _sums(await (await self._client.inventory.adjustments.aggregate([total])).to_list())

    async def _sold(self) -> dict[str, int]:
        pipeline: list[Doc] = [
            {"$match": {"order.status": "CONFIRMED"}},
            {"$unwind": "$order.lines"},
            {"$group": {"_id": "$order.lines.sku", "sum": {"$sum": "$order.lines.quantity"}}},
        ]
        return _sums(await (await self._client.order.orders.aggregate(pipeline)).to_list())


def _others(documents: Mapping[str, T], ids: Collection[str]) -> dict[str, T]:
    return {id: document for id, document in documents.items() if id not in ids}


def _sums(groups: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {group["_id"]: group["sum"] for group in groups}
