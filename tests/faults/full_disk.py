"""The disk of a part is full for a while."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

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
    """MongoDB's disk. Its journal is laid out in advance and has room, so a checkpoint is asked for.

    One is due each minute anyway.
    """

    async def aim(self, site: Site) -> None:
        await super().aim(site)
        client = AsyncMongoClient[dict[str, object]](site.mongodb_url)
        self._client = await self._prepared.enter_async_context(client)

    def strike(self) -> None:
        super().strike()
        self._asking = asyncio.create_task(self._ask_for_a_checkpoint())

    async def mend(self) -> None:
        await super().mend()
        await self._asking

    async def _ask_for_a_checkpoint(self) -> None:
        """It can't be written, and MongoDB ends itself."""
        with suppress(PyMongoError):
            await self._client.admin.command("fsync")
