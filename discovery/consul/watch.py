"""Blocking queries as async iterators: the present value first, then every change of it.

An iterator never ends and never raises for want of Consul: it says so in the log, waits and asks again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consul.aio import Consul

from discovery.consul.backoff import delays
from discovery.consul.client import ERRORS
from discovery.consul.kv import stored_value

WAIT_SECONDS = 55.0
WATCH_SECONDS = 65.0
"""Time-out of a watching client: Consul adds up to a sixteenth to the wait it was asked for."""

GRACE_SECONDS = 10.0
"""For so long after an interruption of Consul no endpoint is taken away: a restarted agent calls every
instance critical until its first check has passed. Instances that fail within as long fail together."""

logger = logging.getLogger(__name__)

Query = Callable[[str | None, str], Awaitable[tuple[str, Any]]]
"""(index, wait) → (index, data)"""
Entry = Mapping[str, Any]
"""What Consul's health endpoint tells of one instance."""


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One instance of a service. `weight` is its share of the traffic, 1 unless registered otherwise."""

    id: str
    host: str
    port: int
    weight: int = 1
    tags: tuple[str, ...] = ()


class Attendance:
    """Which instances of one service are to be asked, judged from one reading of Consul to the next."""

    def __init__(self) -> None:
        self._passing: set[str] = set()
        self._failed: dict[str, float] = {}

    def call(self, entries: Sequence[Entry], now: float) -> tuple[Endpoint, ...]:
        """The passing instances; when none is, those that failed together with the last one and are still registered.

        What all of them miss at once, a broker or a database, is the fault of none, and some of what they do needs
        nothing of it: so no cluster is emptied by what its instances depend on.
        """
        passing = {_id(entry) for entry in entries if is_passing(entry)}
        failing = {_id(entry) for entry in entries} - passing
        seen_failing = dict.fromkeys(self._passing, now) | self._failed
        self._failed = {id: seen_failing[id] for id in failing if id in seen_failing}
        self._passing = passing
        asked = passing or self._failed_last()
        return endpoints(entry for entry in entries if _id(entry) in asked)

    def _failed_last(self) -> set[str]:
        last = max(self._failed.values(), default=0.0)
        return {id for id, at in self._failed.items() if at >= last - GRACE_SECONDS}


async def watch_service(
    client: Consul, name: str, fit: Callable[[Sequence[Entry]], Sequence[Entry]]
) -> AsyncIterator[tuple[Endpoint, ...]]:
    """The instances of `name` that are to be asked, sorted by id, yielded again whenever they change.

    It is as if only those were registered that `fit` gives back: one that can't be asked stands for no other.
    `client` needs a time-out of `WATCH_SECONDS` and one connection to spare.
    """
    held: tuple[Endpoint, ...] | None = None
    attendance = Attendance()
    clock = asyncio.get_running_loop().time

    async def query(index: str | None, wait: str) -> tuple[str, Any]:
        found: tuple[str, Any] = await client.health.service(name, index=index, wait=wait)
        return found

    async for entries, in_grace in _readings(client, f"service {name}", query):
        seen = attendance.call(fit(entries), clock())
        current = merged(held or (), seen) if in_grace else seen
        if current != held:
            held = current
            yield current


async def watch_key(client: Consul, key: str) -> AsyncIterator[bytes | None]:
    """The value of `key` (None while there is none), yielded again whenever it changes.

    `client` needs a time-out of `WATCH_SECONDS` and one connection to spare.
    """
    read = False
    held: bytes | None = None

    async def query(index: str | None, wait: str) -> tuple[str, Any]:
        found: tuple[str, Any] = await client.kv.get(key, index=index, wait=wait)
        return found

    async for entry, _ in _readings(client, f"key {key}", query):
        value = stored_value(entry)
        if not read or value != held:
            read, held = True, value
            yield value


async def watch_keys(client: Consul, prefix: str) -> AsyncIterator[dict[str, bytes]]:
    """The values of all keys below `prefix` by the rest of their names, yielded again whenever one changes.

    `client` needs a time-out of `WATCH_SECONDS` and one connection to spare.
    """
    held: dict[str, bytes] | None = None

    async def query(index: str | None, wait: str) -> tuple[str, Any]:
        found: tuple[str, Any] = await client.kv.get(prefix, index=index, wait=wait, recurse=True)
        return found

    async for entries, _ in _readings(client, f"keys {prefix}", query):
        values = {entry["Key"].removeprefix(prefix): stored_value(entry) or b"" for entry in entries or ()}
        if values != held:
            held = values
            yield values


def endpoints(entries: Iterable[Entry]) -> tuple[Endpoint, ...]:
    """What Consul tells of instances as endpoints, sorted by id."""
    return tuple(sorted(map(endpoint, entries)))


def endpoint(entry: Entry) -> Endpoint:
    """An instance without an address of its own has its node's."""
    service = entry["Service"]
    return Endpoint(
        id=service["ID"],
        host=service["Address"] or entry["Node"]["Address"],
        port=service["Port"],
        weight=max(1, (service.get("Weights") or {}).get("Passing", 1)),
        tags=tuple(sorted(service["Tags"] or ())),
    )


def is_passing(entry: Entry) -> bool:
    """Whether every check of an instance passes, those of its node included."""
    return all(check["Status"] == "passing" for check in entry["Checks"])


def merged(held: Iterable[Endpoint], seen: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """What is seen, and what was held and is not seen; an id seen at a new address has moved."""
    by_id = {endpoint.id: endpoint for endpoint in (*held, *seen)}
    return tuple(sorted(by_id.values()))


def _id(entry: Entry) -> str:
    return str(entry["Service"]["ID"])


async def _readings(client: Consul, what: str, query: Query) -> AsyncIterator[tuple[Any, bool]]:
    """Every answer of `query`, and whether Consul was interrupted shortly before it."""
    clock = asyncio.get_running_loop().time
    index, grace_until, interrupted = None, 0.0, False
    waits = delays()
    while True:
        wait = min(WAIT_SECONDS, grace_until - clock()) if grace_until > clock() else WAIT_SECONDS
        try:
            if index is None:
                await _caught_up(client)
            found, data = await query(index, f"{max(wait, 0.1) * 1000:.0f}ms")
        except ERRORS as error:
            if not interrupted:
                logger.warning("consul does not answer, keeping the last known %s: %r", what, error)
            index, interrupted = None, True
            await asyncio.sleep(next(waits))
            continue
        if interrupted:
            logger.info("consul answers again for %s", what)
            interrupted, waits, grace_until = False, delays(), clock() + GRACE_SECONDS
        index = next_index(index, found)
        yield data, clock() < grace_until


async def _caught_up(client: Consul) -> None:
    """Return once Consul has read its whole log: while it does, queries are answered with what once was.

    Only a consistent read waits for that, and of the queries here only those of the store can be one.
    """
    await client.kv.get("caught-up", consistency="consistent")


def next_index(asked: str | None, found: str) -> str | None:
    """The index to ask with next: None, a fresh start, when Consul's has gone backwards."""
    return found if int(found) > 0 and int(found) >= int(asked or 0) else None
