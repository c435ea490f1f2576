"""The relay: publishes what is in the outbox.

Every process writes its rows into a lane of its own and relays that lane, so a message leaves at once, with
nobody asked: what was just committed is still in memory, and read from the database only after something went wrong.
The lane is leased; when its process dies, another one adopts it. Rows of one aggregate leave in order whichever lanes
they are in: a row waits while an older row of its aggregate is still there. A row is struck off when the broker has
confirmed it; a crash in between publishes it twice, never not at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any

from pymongo import WriteConcern
from pymongo.asynchronous.database import AsyncDatabase

from observability import metrics
from services.chassis.background import background, every
from services.chassis.bus import Bus, Unroutable
from services.chassis.lane import Lane
from services.chassis.leases import Leases
from services.chassis.outbox import Parcel, Row
from services.chassis.settings import BusSettings

_log = logging.getLogger(__name__)
_SHORTEST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0
_AT_ONCE = 500
_FORGOTTEN_SECONDS = 1.0
_FAREWELL_SECONDS = 5.0


class Relay:
    """Publishes the rows of this process's lane, and of lanes whose process is gone."""

    def __init__(
        self, db: AsyncDatabase[dict[str, Any]], lane: Lane, bus: Bus, settings: BusSettings
    ) -> None:
        self._parcels = db.outbox
        # Losing a deletion only means to publish twice, so it need not wait for the journal.
        self._published = db.outbox.with_options(write_concern=WriteConcern(1))
        self._leases = Leases(db.outbox_lanes, settings.relay_lease_seconds)
        self._lane = lane
        self._lanes = {lane.name}
        self._held: dict[str, float] = {}
        self._pauses: dict[str, float] = {}
        self._behind = True
        self._places = asyncio.Semaphore(_AT_ONCE)
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
            try:
                await self._catch_up()
            finally:
                for lane in self._lanes:
                    await self._leases.release(lane)

    async def _relay(self) -> None:
        while True:
            await self._until_wanted()
            behind, self._behind = self._behind or self._lane.overflowed, False
            done = False
            try:
                done = await (self._catch_up() if behind else self._publish_fresh())
            finally:
                # Whatever went wrong, the database knows what is left; and somebody may have asked to look meanwhile.
                self._behind = self._behind or not done

    async def _until_wanted(self) -> None:
        """Wait until rows are committed, or a parcel that was held back may be looked at again."""
        if self._behind and not self._held:
            return
        seconds = max(0.0, min(self._held.values()) - self._now()) if self._held else None
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._lane.filled.wait()

    async def _catch_up(self) -> bool:
        """Publish from the database whatever may leave. Tells whether that was all there was."""
        # What is committed from here on is handed over again.
        self._lane.forget()
        self._held = {id: until for id, until in self._held.items() if until > self._now()}
        after = ""
        while parcels := await self._stored_parcels(after):
            await self._publish(parcels)
            after = parcels[-1].id
        if not self._held:
            self._pauses.clear()
        return not self._held

    async def _stored_parcels(self, after: str) -> list[Parcel]:
        wanted = {"lane": {"$in": list(self._lanes)}, "_id": {"$gt": after, "$nin": list(self._held)}}
        found = self._parcels.find(wanted).sort("_id").limit(self._settings.relay_batch)
        return [Parcel.read(document) async for document in found]

    async def _publish_fresh(self) -> bool:
        """Publish what was just committed here. Tells whether all of it left."""
        parcels = self._lane.take(self._settings.relay_batch)
        await self._publish([parcel for parcel in parcels if parcel.lane in self._lanes])
        return not self._held

    async def _publish(self, parcels: Sequence[Parcel]) -> None:
        """Publish what may leave, and strike it off; what may not is held for a moment."""
        if not parcels:
            return
        rows = {row.key: row for parcel in parcels for row in parcel.rows}
        stored = await self._stored_keys({row.aggregate for row in rows.values()})
        # A row that is no longer stored was published by whoever adopted its lane.
        left = {row.id for key, row in rows.items() if key not in stored}
        chains = [
            [rows[key] for key in takewhile(rows.__contains__, keys)]
            for _, keys in groupby(sorted(stored), itemgetter(0))
        ]
        outcomes = await asyncio.gather(
            *(self._publish_chain(chain, left) for chain in chains), return_exceptions=True
        )
        await self._strike_off(parcels, left)
        for failure in filter(None, outcomes):
            raise failure

    async def _stored_keys(self, aggregates: Collection[str]) -> set[tuple[str, int, int]]:
        """The keys of all rows of these aggregates that have not left, whoever is to publish them."""
        fields = {"_id": 0, "rows.aggregate": 1, "rows.version": 1, "rows.position": 1}
        found = self._parcels.find({"rows.aggregate": {"$in": list(aggregates)}}, fields)
        return {
            (row["aggregate"], row["version"], row["position"])
            async for parcel in found
            for row in parcel["rows"]
            if row["aggregate"] in aggregates
        }

    async def _publish_chain(self, chain: Iterable[Row], left: set[str]) -> None:
        """Publish rows of one aggregate, each after the one before it is confirmed, up to one that nobody takes."""
        for row in chain:
            try:
                async with self._places:
                    await self._bus.publish(row)
            except Unroutable:
                _log.error("nobody takes %s; it stays in the outbox", row.kind, extra={"message_id": row.id})
                return
            # The kind of one that is sent again may be anything.
            metrics.MESSAGES_PUBLISHED.labels("resent" if row.queue else row.kind).inc()
            left.add(row.id)

    async def _strike_off(self, parcels: Iterable[Parcel], left: Collection[str]) -> None:
        empty: list[str] = []
        for parcel in parcels:
            staying = [row.id for row in parcel.rows if row.id not in left]
            if not staying:
                empty.append(parcel.id)
                continue
            self._hold(parcel.id)
            if len(staying) < len(parcel.rows):
                gone = {"$pull": {"rows": {"id": {"$nin": staying}}}}
                await self._published.update_one({"_id": parcel.id}, gone)
        if empty:
            await self._published.delete_many({"_id": {"$in": empty}})

    def _hold(self, parcel_id: str) -> None:
        """Look at it again after a pause, each time twice as long."""
        pause = self._pauses.get(parcel_id, _SHORTEST_PAUSE)
        self._held[parcel_id] = self._now() + pause
        self._pauses[parcel_id] = min(2 * pause, _LONGEST_PAUSE)

    async def _keep_leases(self) -> None:
        for lane in tuple(self._lanes):
            if await self._leases.take(lane):
                continue
            self._lanes.discard(lane)
            if lane == self._lane.name:
                _log.warning("the lease on the outbox lane was lost; going on in a new one")
                self._lane.leave()
                self._lanes.add(self._lane.name)
                await self._leases.take(self._lane.name)

    async def _sweep(self) -> None:
        """Adopt lanes that have rows but no living process, and let go of adopted ones that are empty."""
        filled = set(await self._parcels.distinct("lane"))
        for lane in self._lanes - filled - {self._lane.name}:
            self._lanes.discard(lane)
            await self._leases.release(lane)
        for lane in filled - self._lanes:
            if await self._leases.take(lane):
                _log.info("adopted the outbox lane of a process that is gone")
                self._lanes.add(lane)
                self._look()
        await self._measure()

    async def _measure(self) -> None:
        ours = {"lane": {"$in": list(self._lanes)}}
        totals = {"_id": None, "rows": {"$sum": {"$size": "$rows"}}, "oldest": {"$min": "$stored_at"}}
        found = await (await self._parcels.aggregate([{"$match": ours}, {"$group": totals}])).to_list(1)
        age = (datetime.now(UTC) - found[0]["oldest"]).total_seconds() if found else 0.0
        metrics.OUTBOX_PENDING.set(found[0]["rows"] if found else 0)
        metrics.OUTBOX_OLDEST_SECONDS.set(age)
        if age > _FORGOTTEN_SECONDS:
            # A commit that nobody lived to tell of, rows that came late into an adopted lane, or too much to do.
            self._look()

    def _look(self) -> None:
        """Have the relay look into the database."""
        self._behind = True
        self._lane.filled.set()
