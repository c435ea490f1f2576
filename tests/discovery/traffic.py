"""Requests in a steady stream, and what became of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession

PUBLIC = "/api/v1/products"
"""A path that the edge hands to the gateway."""


@dataclass
class Traffic:
    """What was answered so far: by status, and by instance."""

    statuses: Counter[int | str] = field(default_factory=Counter)
    instances: Counter[str] = field(default_factory=Counter)
    latest: str = ""

    @property
    def failed(self) -> dict[int | str, int]:
        """Everything that was not answered with 200."""
        return {status: count for status, count in self.statuses.items() if status != 200}

    async def ask(self, http: ClientSession, url: str) -> None:
        """One request."""
        try:
            async with http.get(url) as response:
                self.statuses[response.status] += 1
                self.latest = (await response.json())["instance"] if response.status == 200 else ""
                self.instances[self.latest] += 1
        except (ClientError, TimeoutError) as error:
            self.statuses[type(error).__name__] += 1

    async def keep_asking(self, http: ClientSession, url: str) -> None:
        """One request after another, until cancelled."""
        while True:
            await self.ask(http, url)


@asynccontextmanager
async def traffic(http: ClientSession, url: str, clients: int = 8) -> AsyncIterator[Traffic]:
    """So many clients asking without a pause while the block runs."""
    seen = Traffic()
    asking = [asyncio.create_task(seen.keep_asking(http, url)) for _ in range(clients)]
    try:
        yield seen
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def answered(http: ClientSession, url: str, instance: str) -> bool:
    """Whether this instance is the one that answers now."""
    try:
        async with http.get(url) as response:
            return response.status == 200 and bool((await response.json())["instance"] == instance)
    except ClientError:
        return False
