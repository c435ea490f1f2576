"""The last good snapshot of each role, and who waits for the next one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import get_args

from google.protobuf.json_format import ParseError

from discovery.control_plane import metrics
from discovery.control_plane.catalog import Catalog
from discovery.control_plane.codec import Codec
from discovery.control_plane.policy import Role
from discovery.control_plane.resources import SHORT_NAMES, Resources
from discovery.control_plane.resources.build import build
from discovery.control_plane.settings import Settings
from discovery.control_plane.snapshot import Inconsistent, Snapshot, snapshot

ROLES: tuple[Role, ...] = get_args(Role)

logger = logging.getLogger(__name__)


class Publisher:
    """Hands out snapshots. What is inconsistent is refused, and the last good one stays."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._snapshots: dict[Role, Snapshot] = {}
        self._listeners: set[asyncio.Event] = set()

    @property
    def snapshots(self) -> Mapping[Role, Snapshot]:
        """What is published: nothing of a role whose first snapshot is still to come."""
        return self._snapshots

    def publish(self, role: Role, resources: Resources) -> None:
        """Make `resources` the snapshot of `role` if they are consistent; the listeners hear of a new one."""
        previous = self._snapshots.get(role)
        try:
            new = snapshot(resources, self._codec, previous)
        except (Inconsistent, ParseError) as error:
            metrics.SNAPSHOTS_REFUSED.labels(role).inc()
            stays = "the last good one stays" if previous else "there has been no good one yet"
            logger.error("the snapshot for %s is refused, %s: %s", role, stays, error)
            return
        if new != previous:
            self._snapshots[role] = new
            _measure(role, new)
            for listener in self._listeners:
                listener.set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is a new snapshot."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)


async def publish_all(catalogs: AsyncIterator[Catalog], settings: Settings, publisher: Publisher) -> None:
    """Build and publish what every catalogue means for every role, until cancelled."""
    async for catalog in catalogs:
        for role in ROLES:
            publisher.publish(role, build(role, catalog, settings))


def _measure(role: Role, published: Snapshot) -> None:
    metrics.SNAPSHOT_TIME.labels(role).set_to_current_time()
    for url, short in SHORT_NAMES.items():
        metrics.RESOURCES.labels(role, short).set(len(published.resources[url]))
