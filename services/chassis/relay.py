"""The relay: publishes what is in the outbox.

Every process writes its rows into a lane of its own and relays that lane, so a message leaves at once, with
nobody asked. The lane is leased; when its process dies, another one adopts it. Rows of one aggregate leave in
order whichever lanes they are in: a row waits while an older row of its aggregate is still there.
A row is deleted when the broker has confirmed it; a crash in between publishes it twice, never not at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from pymongo import WriteConcern
from pymongo.asynchronous.database import AsyncDatabase

from observability import metrics
from services.chassis.background import background, every
from services.chassis.bus import Bus, Unroutable
from services.chassis.leases import Leases
from services.chassis.outbox import ORDER, Lane, Row
from services.chassis.settings import BusSettings

_log = logging.getLogger(__name__)
_BLOCKED_SECONDS = 0.02
_UNROUTABLE_SECONDS = 1.0
_FAREWELL_SECONDS = 5.0
_ROWS_PER_BATCH = 5


class Relay:
    """Publishes the rows of this process's lane, and of lanes whose process is gone."""

    def __init__(
        self, db: AsyncDatabase[dict[str, Any]], lane: Lane, bus: Bus, settings: BusSettings
    ) -> None:
        self._rows = db.outbox
        # Losing a deletion only means to publish twice, so it need not wait for the journal.
        self._published = db.outbox.with_options(write_concern=WriteConcern(1))
        self._leases = Leases(db.outbox_lanes, settings.relay_lease_seconds)
        self._lane = lane
        self._lanes = {lane.name}
        self._held: dict[str, float] = {}
        self._bus = bus
        self._settings = settings
        self._now = asyncio.get_running_loop().time

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Relay while inside; at the end publish what is left, or leave it to the others."""
        await self._leases.take(self._lane.name)
        lease_seconds = self._settings.relay_lease_seconds
        async with (
            every("outbox leases", lease_seconds / 4, self._keep_leases),
            every("outbox sweep", lease_seconds / 2, self._sweep),
            background("outbox relay", self._relay),
        ):
            yield
        try:
            await self._leave()
        except Exception:
            _log.exception("the outbox could not be emptied; what is left in it is for the others")

    async def _leave(self) -> None:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            while await self._publish_batch():
                pass
            for lane in self._lanes:
                await self._leases.release(lane)

    async def _relay(self) -> None:
        while True:
            self._lane.filled.clear()
            if await self._publish_batch():
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self._until_release()):
                    await self._lane.filled.wait()

    def _until_release(self) -> float | None:
        """Seconds until the next aggregate that is held back is looked at again."""
        return max(0.0, min(self._held.values()) - self._now()) if self._held else None

    async def _publish_batch(self) -> bool:
        """Publish what is ready of one batch. Tells whether anything was."""
        aggregates = await self._next_aggregates()
        if not aggregates:
            return False
        found = self._rows.find({"aggregate": {"$in": aggregates}}).sort(ORDER)
        rows = [
            Row.read(document) async for document in found.limit(_ROWS_PER_BATCH * self._settings.relay_batch)
        ]
        chains = [list(chain) for _, chain in groupby(rows, key=lambda row: row.aggregate)]
        published: list[Row] = []
        outcomes = await asyncio.gather(
            *(self._publish_chain(chain, published) for chain in chains), return_exceptions=True
        )
        await self._published.delete_many({"_id": {"$in": [row.id for row in published]}})
        for failure in filter(None, outcomes):
            raise failure
        return bool(published)

    async def _next_aggregates(self) -> list[str]:
        now = self._now()
        self._held = {aggregate: until for aggregate, until in self._held.items() if until > now}
        wanted = {"lane": {"$in": list(self._lanes)}, "aggregate": {"$nin": list(self._held)}}
        heads = self._rows.find(wanted, {"aggregate": 1}).sort("_id").limit(self._settings.relay_batch)
        return list({head["aggregate"] async for head in heads})

    async def _publish_chain(self, chain: Iterable[Row], published: list[Row]) -> None:
        """Publish the rows of one aggregate, each after the one before it is confirmed, as far as they are ours."""
        for row in chain:
            if row.lane not in self._lanes:
                self._held[row.aggregate] = self._now() + _BLOCKED_SECONDS
                break
            try:
                await self._bus.publish(row)
            except Unroutable:
                _log.error("nobody takes %s; it stays in the outbox", row.kind, extra={"message_id": row.id})
                self._held[row.aggregate] = self._now() + _UNROUTABLE_SECONDS
                break
            metrics.MESSAGES_PUBLISHED.labels(row.kind).inc()
            published.append(row)

    async def _keep_leases(self) -> None:
        for lane in tuple(self._lanes):
            if await self._leases.take(lane):
                continue
            self._lanes.discard(lane)
            if lane == self._lane.name:
                _log.warning("the lease on the outbox lane was lost; going on in a new one")
                self._lane.leave()
                await self._leases.take(self._lane.name)
                self._lanes.add(self._lane.name)

    async def _sweep(self) -> None:
        """Adopt lanes that have rows but no living process, and let go of adopted ones that are empty."""
        filled = set(await self._rows.distinct("lane"))
        for lane in self._lanes - filled - {self._lane.name}:
            self._lanes.discard(lane)
            await self._leases.release(lane)
        for lane in filled - self._lanes:
            if await self._leases.take(lane):
                _log.info("adopted the outbox lane of a process that is gone")
                self._lanes.add(lane)
        if filled:
            # A commit whose process did not live to say so, or rows that came late into an adopted lane.
            self._lane.nudge()
        await self._measure()

    async def _measure(self) -> None:
        ours = {"lane": {"$in": list(self._lanes)}}
        metrics.OUTBOX_PENDING.set(await self._rows.count_documents(ours))
        oldest = await self._rows.find_one(ours, {"stored_at": 1}, sort=[("_id", 1)])
        age = (datetime.now(UTC) - oldest["stored_at"]).total_seconds() if oldest else 0.0
        metrics.OUTBOX_OLDEST_SECONDS.set(age)
