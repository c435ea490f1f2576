"""The services behind the gateway, as one real server on a Unix socket that answers by service and path."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientSession, web
from multidict import CIMultiDict
from yarl import URL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Heard:
    """One request that reached a service."""

    service: str
    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes


@dataclass
class Services:
    """What each of them answers, and what they were asked. What nothing was said of is for the `real` one behind this
    client, where there is one, and 404 elsewhere.
    """

    url: str
    heard: list[Heard] = field(default_factory=list)
    answers: dict[tuple[str, str, str], Handler] = field(default_factory=dict)
    real: dict[str, ClientSession] = field(default_factory=dict)

    def answer(self, service: str, call: str, body: Any = None, status: int = 200, **headers: str) -> None:
        """Answer `call`, such as `GET /orders/1`, with a JSON document; `retry_after` is sent as Retry-After."""
        sent = {name.replace("_", "-").title(): value for name, value in headers.items()}

        async def handler(_request: web.Request) -> web.Response:
            content_type = "application/json" if status < 400 else "application/problem+json"
            return web.Response(
                status=status, body=orjson.dumps(body), headers=sent, content_type=content_type
            )

        self.handle(service, call, handler)

    def refuse(
        self, service: str, call: str, status: int, slug: str, detail: str = "no", **more: Any
    ) -> None:
        """Answer `call` with a problem document."""
        headers = {"retry_after": str(more.pop("retry_after"))} if "retry_after" in more else {}
        body = {
            "type": f"urn:portico:problem:{slug}",
            "title": slug,
            "status": status,
            "detail": detail,
            **more,
        }
        self.answer(service, call, body, status, **headers)

    def hang(self, service: str, call: str) -> None:
        """Never answer `call`."""

        async def never(_request: web.Request) -> web.Response:
            await asyncio.Event().wait()
            raise AssertionError

        self.handle(service, call, never)

    def handle(self, service: str, call: str, handler: Handler) -> None:
        """Answer `call` by a handler of the test's own."""
        method, _, path = call.partition(" ")
        self.answers[service, method, path] = handler

    def asked(self, service: str) -> list[str]:
        """The calls of one service so far, as `GET /orders/1?x=y`."""
        return [f"{heard.method} {heard.target}" for heard in self.heard if heard.service == service]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Every request comes here."""
        service, headers = request.headers["Host"], CIMultiDict(request.headers)
        target = request.raw_path
        self.heard.append(Heard(service, request.method, target, headers, await request.read()))
        handler = self.answers.get((service, request.method, target.partition("?")[0]))
        if handler is None and service in self.real:
            return await _passed_on(self.real[service], self.heard[-1])
        if handler is None:
            return web.json_response({"type": "urn:portico:problem:not-found"}, status=404)
        return await handler(request)


async def _passed_on(http: ClientSession, heard: Heard) -> web.Response:
    headers = {name: value for name, value in heard.headers.items() if name not in ("Host", "Content-Length")}
    target = URL(heard.target, encoded=True)
    async with http.request(heard.method, target, headers=headers, data=heard.body) as response:
        kind = response.headers["Content-Type"]
        return web.Response(
            status=response.status, body=await response.read(), headers={"Content-Type": kind}
        )


@asynccontextmanager
async def services(directory: Path) -> AsyncIterator[Services]:
    """The server, on a socket in `directory`."""
    socket = directory / "egress.sock"
    known = Services(f"unix://{socket}")
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", known.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(socket)).start()
    try:
        yield known
    finally:
        await runner.cleanup()


class Slow:
    """A call that takes until it is released, or so many seconds, and so many of them at once."""

    def __init__(self, seconds: float | None = None, at_once: int = 10_000) -> None:
        self.waiting = 0
        self.released = asyncio.Event()
        self._seconds = seconds
        self._at_once = asyncio.Semaphore(at_once)

    async def __call__(self, _request: web.Request) -> web.Response:
        self.waiting += 1
        try:
            async with self._at_once:
                await (self.released.wait() if self._seconds is None else asyncio.sleep(self._seconds))
        finally:
            self.waiting -= 1
        return web.json_response({"items": []})
