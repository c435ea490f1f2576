"""Counting the dead letters that nobody has dealt with, for Prometheus."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from aiohttp import web

from services.chassis.background import every
from services.contracts.topology import QUEUES
from services.operations.documents import StoredDeadLetter
from services.operations.metrics import DEAD_LETTERS
from services.operations.settings import Settings

_KINDS: Final = frozenset(message.kind for queue in QUEUES for message in queue.messages)
_QUEUES: Final = frozenset(queue.name for queue in QUEUES)
_FIELDS: Final = ("service", "queue", "kind", "reason")


def counting(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Keep the metric up to date for as long as the application lives: declare it after `mongo`."""

    async def resource(_app: web.Application) -> AsyncIterator[None]:
        async with every("dead letter count", settings.count_seconds, count):
            yield

    return resource


async def count() -> None:
    """Set the metric. Labels take only values that the platform knows."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    pipeline: list[dict[str, Any]] = [
        {"$match": {"letter.state": "dead"}},
        {"$group": {"_id": {name: f"$letter.{name}" for name in _FIELDS}, "count": {"$sum": 1}}},
    ]
    async for group in await StoredDeadLetter.get_pymongo_collection().aggregate(pipeline):
        service, queue, kind, reason = (group["_id"][name] for name in _FIELDS)
        known = (queue if queue in _QUEUES else "unknown", kind if kind in _KINDS else "unknown")
        counts[service, *known, reason] += group["count"]
    DEAD_LETTERS.clear()
    for labels, number in counts.items():
        DEAD_LETTERS.labels(*labels).set(number)
