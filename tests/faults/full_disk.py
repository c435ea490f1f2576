"""The disk of a part is full for a while."""

import asyncio
from collections.abc import Callable
from typing import Final

from pymongo import AsyncMongoClient

from tests.faults.disk import Disk
from tests.faults.faults import Fault
from tests.faults.site import Site

_LOOK_SECONDS: Final = 0.05


class FullDisk(Fault):
    """Let the data of a part be on a disk of their own, keep it full but for `spare` bytes, and free it again."""

    def __init__(self, name: str, seconds: float, spare: int) -> None:
        super().__init__(name, seconds)
        self._spare = spare

    async def aim(self, site: Site) -> None:
        self._supervisor = site.supervisor
        self._disk = Disk(site.layout.data(self.target), site.disks / self.target)
        await self._without_the_part(self._disk.move_in)
        self._prepared.push_async_callback(self._without_the_part, self._disk.move_out)

    def strike(self) -> None:
        self._disk.fill(self._spare)
        self._filling = asyncio.create_task(self._stay_full())

    async def mend(self) -> None:
        self._filling.cancel()
        self._disk.free()
        await self._supervisor.ready(self.target)

    async def _stay_full(self) -> None:
        """Whatever the part itself gives up is taken as well."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self._disk.fill(self._spare)

    async def _without_the_part(self, move: Callable[[], None]) -> None:
        await self._supervisor.stop(self.target)
        try:
            await asyncio.to_thread(move)
        finally:
            await self._supervisor.start(self.target)


class FullDatabase(FullDisk):
    """MongoDB's disk. Its journal is laid out in advance, so it notices at a checkpoint: one each second here."""

    async def aim(self, site: Site) -> None:
        await super().aim(site)
        async with AsyncMongoClient[dict[str, object]](site.mongodb_url) as client:
            await client.admin.command("setParameter", 1, syncdelay=1)
