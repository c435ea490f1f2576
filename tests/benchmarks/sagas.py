"""What became of the orders, read where the order service keeps them."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from scripts.load.percentiles import Percentiles
from scripts.native.probes import until
from tests.benchmarks.platform import Platform

# Those whose saga goes on say when it must be looked at next: an index has them and no others.
ONGOING = {"order.wake_at": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}
SETTLE_SECONDS = 180.0


@dataclass(frozen=True)
class Ended:
    """Sagas that ended: how many in which way, and the milliseconds from CREATED to CONFIRMED."""

    statuses: Mapping[str, int]
    latency: Percentiles


def orders(platform: Platform) -> AsyncCollection[dict[str, Any]]:
    """The read model of the orders."""
    return platform.database("order").orders


async def ongoing(platform: Platform) -> int:
    """How many sagas have not ended."""
    return await orders(platform).count_documents(ONGOING)


async def settled(platform: Platform) -> None:
    """Return once every saga has ended. Raises TimeoutError."""

    async def all_ended() -> bool:
        return await ongoing(platform) == 0

    async with asyncio.timeout(SETTLE_SECONDS):
        await until(all_ended, PyMongoError)


async def ended_since(platform: Platform, since: datetime) -> Ended:
    """What became of the orders placed since then."""
    statuses: Counter[str] = Counter()
    latencies: list[float] = []
    fields = {"order.status": 1, "order.created_at": 1, "order.updated_at": 1}
    async for document in orders(platform).find({"order.created_at": {"$gte": since}}, fields):
        order = document["order"]
        statuses[order["status"]] += 1
        if order["status"] == "CONFIRMED":
            latencies.append((order["updated_at"] - order["created_at"]).total_seconds() * 1000)
    return Ended(dict(statuses), Percentiles.of(latencies))
