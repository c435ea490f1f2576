"""The disk of a part is full for a while."""

import asyncio
from collections.abc import Callable

from tests.faults.disk import Disk
from tests.faults.faults import Fault
from tests.faults.site import Site


class FullDisk(Fault):
    """Let the data of a part be on a disk of their own, fill it to the last byte, and free it again."""

    async def aim(self, site: Site) -> None:
        self._supervisor = site.supervisor
        self._disk = Disk(site.layout.data(self.target), site.disks / self.target)
        await self._without_the_part(self._disk.move_in)
        self._prepared.push_async_callback(self._without_the_part, self._disk.move_out)

    def strike(self) -> None:
        self._disk.fill()

    async def mend(self) -> None:
        self._disk.free()
        await self._supervisor.ready(self.target)

    async def _without_the_part(self, move: Callable[[], None]) -> None:
        await self._supervisor.stop(self.target)
        try:
            await asyncio.to_thread(move)
        finally:
            await self._supervisor.start(self.target)
