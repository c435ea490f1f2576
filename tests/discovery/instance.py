"""One instance of any service: tells what it was asked, and registers as our processes do.

    python -m tests.discovery.instance SERVICE ID CONSUL_URL

It ends like a process of the platform: on SIGTERM it drains, on SIGKILL it is just gone.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web

from discovery.consul.registration import Registration, registered
from scripts.layout import CHECKOUT
from tests.serving import serving

DRAIN_SECONDS = 0.5


class Instance:
    """Answers every path with what it was sent. `requests` counts them.

    `…/status/503` has that status, `…/answer?name=value` these headers, and `…/held` waits until `released` is set.
    """

    def __init__(self, service: str, id: str, *tags: str) -> None:
        self.service, self.id, self.tags = service, id, tags
        self.requests = 0
        self.released = asyncio.Event()
        self.draining = False
        self.ready = True
        self.port = 0

    async def echo(self, request: web.Request) -> web.StreamResponse:
        """Its own id, and the request as it arrived."""
        self.requests += 1
        if request.path.endswith("/held"):
            await self.released.wait()
        if request.headers.get("upgrade") == "websocket":
            return await _echo_messages(request)
        body = await request.read()
        status = int(request.path.rpartition("/")[2]) if "/status/" in request.path else 200
        told = dict(request.query) if request.path.endswith("/answer") else {}
        seen = {
            "method": request.method,
            "path": request.raw_path,
            "headers": _headers(request),
        }
        return web.json_response(
            {"instance": self.id, "bytes": len(body), **seen}, status=status, headers=told
        )

    async def servingz(self, _request: web.Request) -> web.Response:
        """503 while draining."""
        return web.Response(status=503 if self.draining else 200)

    async def readyz(self, _request: web.Request) -> web.Response:
        """503 when a test says so."""
        return web.Response(status=200 if self.ready else 503)

    def drain(self) -> None:
        """Answer Envoy's health check with 503 from now on."""
        self.draining = True

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Instance"]:
        """Serves on any free port of the loopback interface."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_get("/servingz", self.servingz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_route("*", "/{path:.*}", self.echo)
        async with serving(app) as self.port:
            yield self

    @asynccontextmanager
    async def registered(self, consul_url: str) -> AsyncIterator["Instance"]:
        """Serves and takes traffic; leaves as a process of ours does."""
        async with self.serving():
            entry = Registration(self.service, self.id, "127.0.0.1", self.port, "test", self.tags)
            async with registered(consul_url, entry, DRAIN_SECONDS, on_drain=self.drain):
                yield self


@asynccontextmanager
async def process(service: str, id: str, consul_url: str) -> AsyncIterator[Process]:
    """An instance as a process of its own."""
    command = (sys.executable, "-m", "tests.discovery.instance", service, id, consul_url)
    running = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT)
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


async def _echo_messages(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT and message.data == "what did you get?":
            await socket.send_json({"path": request.raw_path, "headers": _headers(request)})
        elif message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def main(service: str, id: str, consul_url: str) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Instance(service, id).registered(consul_url):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
