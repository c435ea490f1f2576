"""A client that watches everything of one user, and comes back with its cursor whenever it is sent away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType

from services.chassis.background import background
from tests.parts import eventually

LIVE = "/api/v1/live"


@dataclass
class Follower:
    """What it has seen, as order and sequence, and the codes that it was sent away with.

    It turns to the gateways one after the other.
    """

    gateways: Sequence[ClientSession]
    headers: Callable[[], dict[str, str]]
    cursor: str = ""
    seen: list[tuple[str, int]] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)
    ready: bool = False
    socket: ClientWebSocketResponse | None = None

    async def follow(self) -> None:
        """For ever."""
        for http in cycle(self.gateways):
            try:
                await self._watch(http)
            except (ClientError, OSError):
                # Not there, for now.
                await asyncio.sleep(0.02)

    async def _watch(self, http: ClientSession) -> None:
        async with http.post(f"{LIVE}/tickets", headers=self.headers()) as response:
            if response.status != 201:
                await asyncio.sleep(0.02)
                return
            ticket = (await response.json())["ticket"]
        parameters = {"ticket": ticket, **({"cursor": self.cursor} if self.cursor else {})}
        async with http.ws_connect(LIVE, params=parameters) as self.socket:
            async for message in self.socket:
                if message.type is WSMsgType.TEXT:
                    self._take(message.json())
            self.ready = False
            self.codes.append(self.socket.close_code)

    def _take(self, message: dict[str, Any]) -> None:
        self.cursor = message["cursor"]
        if message["type"] == "ready":
            self.ready = True
        else:
            self.seen.append((message["data"]["order_id"], message["data"]["sequence"]))

    async def sees(self, number: int) -> list[tuple[str, int]]:
        """All that it has seen, once it is so much; more than that is found out by asking for more."""
        await eventually(lambda: len(self.seen) >= number)
        return self.seen


@asynccontextmanager
async def following(
    gateways: Sequence[ClientSession], headers: Callable[[], dict[str, str]]
) -> AsyncIterator[Follower]:
    """One that follows while inside, and has begun to."""
    follower = Follower(gateways, headers)
    async with background("follower", follower.follow):
        await eventually(lambda: follower.ready)
        yield follower
