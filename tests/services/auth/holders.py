"""Processes that hold the signing keys, registered in Consul: some follow what is published, some do as a test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from discovery.consul.registration import Registration, registered
from services.chassis.app import make_service
from services.chassis.identity import caller
from services.chassis.settings import ProcessSettings
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner
from tests.serving import serving


class Settings(ProcessSettings):
    """Settings of a process that follows the keys."""

    service: str = "follower"


async def whoami(request: web.Request) -> web.Response:
    """Whom the token speaks for."""
    return web.json_response({"user_id": caller(request).user_id})


@dataclass
class Stub:
    """A process that tells what a test says: the keys, whom it waits for, or nothing at all."""

    kids: list[str] = field(default_factory=list)
    waits_for: list[str] = field(default_factory=list)
    mute: bool = False
    ready: bool = True
    asked: int = 0
    life: AsyncExitStack = field(default_factory=AsyncExitStack)

    def app(self) -> web.Application:
        """What it serves."""
        app = web.Application()
        app.add_routes([web.get("/health", self._health), web.get("/readyz", self._readyz)])
        return app

    async def die(self) -> None:
        """Be gone without a word to Consul."""
        await self.life.aclose()

    async def _health(self, _request: web.Request) -> web.Response:
        self.asked += 1
        if self.mute:
            await asyncio.Event().wait()
        return web.json_response({"signing_keys": self.kids, "signing_keys_wait_for": self.waits_for})

    async def _readyz(self, _request: web.Request) -> web.Response:
        return web.Response(status=200 if self.ready else 503)


class Site:
    """The processes of one test, told apart from those of others by their tag."""

    def __init__(self, here: Corner, start: Start, stack: AsyncExitStack) -> None:
        self.tag = here.name
        self._here, self._start, self._stack = here, start, stack

    async def follower(self, service: str) -> Instance:
        """A real process that follows what is published; `/whoami` wants a token."""
        app = make_service(self._here.settings(Settings))
        app.router.add_get("/whoami", whoami)
        instance = await self._start(app)
        await self._register(service, f"{service}-f", instance.port)
        return instance

    async def stub(self, service: str, *kids: str) -> Stub:
        """One that verifies with `kids` until it is told otherwise."""
        stub = Stub(list(kids))
        port = await stub.life.enter_async_context(serving(stub.app()))
        self._stack.push_async_callback(stub.die)
        await self._register(service, f"{service}-s", port)
        return stub

    async def _register(self, service: str, id: str, port: int) -> None:
        entry = Registration(service, f"{id}-{self.tag}", "127.0.0.1", port, "test", tags=(self.tag,))
        consul = self._here.layout.url("consul")
        await self._stack.enter_async_context(registered(consul, entry, 0.0, on_drain=lambda: None))


@asynccontextmanager
async def site(here: Corner, start: Start) -> AsyncIterator[Site]:
    """Nobody yet; whoever comes is gone at the end."""
    async with AsyncExitStack() as stack:
        yield Site(here, start, stack)


async def accepts(instance: Instance, token: str) -> bool:
    """Whether a process takes a token; anything but yes and 401 is neither."""
    async with instance.http.get("/whoami", headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status in (200, 401)
        return response.status == 200
