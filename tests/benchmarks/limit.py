"""The limit: the transactions and messages of an order and nothing else, from one Python process.

What Portico's services commit for one order is committed for many, in as many transactions, of the same size, and as
batched as it can be; each message is published with a confirm. Nothing is read, validated, decided or consumed.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from random import Random

import aio_pika
import uvloop
from aio_pika.abc import AbstractChannel, DeliveryMode
from pymongo import AsyncMongoClient, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.write_concern import WriteConcern

from tests.benchmarks import outside
from tests.benchmarks.recording import Bson, Recording, Transaction, Write
from tests.benchmarks.shop import PRODUCTS

BATCH = 100
BATCHES_AT_ONCE = 8
QUEUES = tuple(f"limit-{number}" for number in range(4))
LONGEST_QUEUE = 10_000
Operation = InsertOne[Bson] | ReplaceOne[Bson] | UpdateOne


@dataclass(frozen=True)
class Limit:
    """How many orders' worth of work was done in a second, and the CPU seconds of the process that did it."""

    rate: float
    orders: int
    seconds: float
    cpu_seconds: float


async def limit(recording: Recording, mongodb_url: str, amqp_url: str, seconds: float) -> Limit:
    """Do the recorded work again and again for so long, in a process of its own and a database of its own."""
    return await outside.result(_run, recording, mongodb_url, amqp_url, seconds)


def _run(recording: Recording, mongodb_url: str, amqp_url: str, seconds: float) -> Limit:
    return uvloop.run(_measure(recording, mongodb_url, amqp_url, seconds))


async def _measure(recording: Recording, mongodb_url: str, amqp_url: str, seconds: float) -> Limit:
    async with AsyncMongoClient[Bson](mongodb_url) as mongo, await aio_pika.connect(amqp_url) as broker:
        channel = await broker.channel(publisher_confirms=True)
        await _declare(channel)
        replays = [Replay(recording, mongo, channel, name) for name in range(BATCHES_AT_ONCE)]
        await replays[0].empty()
        for replay in replays:
            await replay.batch()
        began, cpu = time.perf_counter(), time.process_time()
        done = sum(await asyncio.gather(*(replay.until(began + seconds) for replay in replays)))
        took = time.perf_counter() - began
        return Limit(done / took, done, took, time.process_time() - cpu)


async def _declare(channel: AbstractChannel) -> None:
    """Nobody takes the messages: the queues forget the oldest ones."""
    for queue in QUEUES:
        await channel.declare_queue(
            queue, durable=True, arguments={"x-queue-type": "quorum", "x-max-length": LONGEST_QUEUE}
        )


class Replay:
    """Repeats a recording for batches of orders that do not exist, one batch after another."""

    def __init__(
        self, recording: Recording, mongo: AsyncMongoClient[Bson], channel: AbstractChannel, name: int
    ) -> None:
        self._recording = recording
        self._mongo = mongo
        self._db = mongo.get_default_database()
        self._channel = channel
        self._name = name
        self._queue = QUEUES[name % len(QUEUES)]
        self._orders = count()
        self._random = Random(name)
        # What an order changes without having inserted it is shared by many orders: the stock of the skus.
        writes = [write for transaction in recording for write in transaction.writes]
        self._own = {(write.collection, write.id) for write in writes if write.kind == "insert"}

    async def empty(self) -> None:
        """Start with empty collections."""
        await self._mongo.drop_database(self._db.name)
        for transaction in self._recording:
            for write in transaction.writes:
                await self._db[write.collection].delete_many({})

    async def until(self, end: float) -> int:
        """Repeat until the time has come; return for how many orders."""
        batches = 0
        while time.perf_counter() < end:
            await self.batch()
            batches += 1
        return batches * BATCH

    async def batch(self) -> None:
        """All that is written and published for a batch of orders."""
        orders = tuple(islice(self._orders, BATCH))
        for transaction in self._recording:
            await self._commit(transaction, orders)
            await self._publish(transaction, orders)

    async def _commit(self, transaction: Transaction, orders: tuple[int, ...]) -> None:
        """One bulk write for each collection; several changes of one document become one."""
        operations: defaultdict[str, dict[str, Operation]] = defaultdict(dict)
        for write in transaction.writes:
            for id, operation in self._operations(write, orders):
                operations[write.collection][id] = operation

        async def write_all(session: AsyncClientSession) -> None:
            for collection, by_id in operations.items():
                await self._db[collection].bulk_write(list(by_id.values()), session=session)

        async with self._mongo.start_session() as session:
            await session.with_transaction(write_all, write_concern=WriteConcern("majority", j=True))

    def _operations(self, write: Write, orders: tuple[int, ...]) -> Iterator[tuple[str, Operation]]:
        """What a write becomes for each of the orders, or for all of them together; by document."""
        if field := write.gathered:
            id = self._id(write, orders[0])
            yield id, InsertOne({**write.document, "_id": id, field: write.document[field] * len(orders)})
            return
        for order in orders:
            id = self._id(write, order)
            yield id, _operation(write, id)

    async def _publish(self, transaction: Transaction, orders: tuple[int, ...]) -> None:
        """Publish without waiting for one another's confirms, then delete the parcels as the relay does."""
        exchange = self._channel.default_exchange
        messages = [
            aio_pika.Message(body, delivery_mode=DeliveryMode.PERSISTENT) for body in transaction.messages
        ]
        await asyncio.gather(*(exchange.publish(message, self._queue) for message in messages * len(orders)))
        for parcel in transaction.writes:
            if parcel.messages:
                await self._db[parcel.collection].delete_one({"_id": self._id(parcel, orders[0])})

    def _id(self, write: Write, order: int) -> str:
        if (write.collection, write.id) in self._own:
            return f"{write.id}/{self._name}/{order}"
        return f"{self._name}/{self._random.randrange(PRODUCTS)}"


def _operation(write: Write, id: str) -> Operation:
    match write.kind:
        case "insert":
            return InsertOne({**write.document, "_id": id})
        case "replace":
            return ReplaceOne({"_id": id}, {**write.document, "_id": id}, upsert=True)
        case "update":
            return UpdateOne({"_id": id}, {"$set": write.document})
