"""What is done to processes and to the network between them."""

import asyncio
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta

from tests.faults.proxy import Proxy
from tests.faults.site import Site


class Fault(ABC):
    """Something that goes wrong: aimed, then struck within an instant, then held for `seconds`, then mended.

    Once the dust has settled it leaves.
    """

    ahead = timedelta()
    """How far the clock of some process is put forward."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self.seconds = seconds
        self._prepared = AsyncExitStack()

    @property
    def target(self) -> str:
        """What it is done to."""
        return self.name.partition(" ")[2]

    @abstractmethod
    async def aim(self, site: Site) -> None:
        """Prepare whatever takes time. Raises NotPossible."""

    @abstractmethod
    def strike(self) -> None:
        """Do it now."""

    @abstractmethod
    async def mend(self) -> None:
        """Put an end to it, and return once what was struck is there again."""

    async def leave(self) -> None:
        """Take away what was prepared."""
        await self._prepared.aclose()


class Nothing(Fault):
    """What the others are compared with."""

    async def aim(self, site: Site) -> None: ...

    def strike(self) -> None: ...

    async def mend(self) -> None: ...


class Kill(Fault):
    """SIGKILL one process, or every instance of a service; the supervisor starts them again."""

    async def aim(self, site: Site) -> None:
        self._supervisor = site.supervisor
        self._victims = site.instances(self.target)

    def strike(self) -> None:
        for victim in self._victims:
            self._supervisor.kill(victim)

    async def mend(self) -> None:
        await asyncio.gather(*(self._supervisor.ready(victim) for victim in self._victims))


class Freeze(Fault):
    """SIGSTOP a process and all it forked, and let it go on later as if nothing had been."""

    async def aim(self, site: Site) -> None:
        self._group = site.group(self.target)

    def strike(self) -> None:
        os.killpg(self._group, signal.SIGSTOP)

    async def mend(self) -> None:
        os.killpg(self._group, signal.SIGCONT)


class Restart(Fault):
    """Stop a part in good order, and start it again."""

    async def aim(self, site: Site) -> None:
        self._supervisor = site.supervisor

    def strike(self) -> None:
        self._stopping = asyncio.create_task(self._supervisor.stop(self.target))

    async def mend(self) -> None:
        await self._stopping
        await self._supervisor.start(self.target)


class ClockJump(Fault):
    """Put the clock of a process forward, and back again."""

    ahead = timedelta(hours=1)

    async def aim(self, site: Site) -> None:
        self._clock = site.clocks[self.target]

    def strike(self) -> None:
        self._clock.put(round(self.ahead.total_seconds()))

    async def mend(self) -> None:
        self._clock.put(0)


class Ail(Fault):
    """Let the proxy in front of a part ail."""

    def __init__(self, name: str, seconds: float, ailment: Callable[[Proxy], None]) -> None:
        super().__init__(name, seconds)
        self._ailment = ailment

    async def aim(self, site: Site) -> None:
        self._proxy = site.proxies[self.target]

    def strike(self) -> None:
        self._ailment(self._proxy)

    async def mend(self) -> None:
        self._proxy.heal()


class Slow(Ail):
    """Let it take `delay` seconds longer in each direction."""

    def __init__(self, name: str, seconds: float, delay: float) -> None:
        super().__init__(name, seconds, self._slow)
        self.delay = delay

    def _slow(self, proxy: Proxy) -> None:
        proxy.delay = self.delay
