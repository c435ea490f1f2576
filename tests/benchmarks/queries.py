"""Which queries an operation makes, and how many documents MongoDB looks at for each, by its own profiler."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from scripts.secrets import DATABASES
from tests.benchmarks.platform import Platform

OFF, ALL = 0, 2


@dataclass(frozen=True)
class Query:
    """A query by its shape: at most so many documents and index keys were looked at, and so many were found."""

    collection: str
    command: str
    plan: str
    documents_examined: int
    keys_examined: int
    returned: int


@asynccontextmanager
async def profiled(platform: Platform) -> AsyncIterator[list[Query]]:
    """A list that holds the queries of all services, one of each shape, once the block is left."""
    queries: list[Query] = []
    await _profile(platform, ALL)
    try:
        yield queries
    finally:
        await _profile(platform, OFF)
    for database in DATABASES:
        queries += _by_shape(await platform.database(database)["system.profile"].find().to_list())
        await platform.database(database).drop_collection("system.profile")


async def _profile(platform: Platform, level: int) -> None:
    for database in DATABASES:
        await platform.database(database).command("profile", level)


def _by_shape(entries: Iterable[dict[str, Any]]) -> list[Query]:
    """The worst of each shape; writes that look nothing up are left out."""
    worst: dict[tuple[str, str, str], Query] = {}
    for entry in entries:
        if "docsExamined" not in entry or entry["ns"].endswith("system.profile"):
            continue
        query = _query(entry)
        shape = (query.collection, query.command, query.plan)
        known = worst.get(shape)
        if known is None or query.keys_examined > known.keys_examined:
            worst[shape] = query
    return list(worst.values())


def _query(entry: dict[str, Any]) -> Query:
    return Query(
        collection=entry["ns"],
        command=entry["op"],
        plan=entry.get("planSummary", ""),
        documents_examined=entry["docsExamined"],
        keys_examined=entry.get("keysExamined", 0),
        returned=entry.get("nreturned", entry.get("nMatched", 0)),
    )
