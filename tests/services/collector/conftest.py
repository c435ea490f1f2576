"""The collector on its own: its ports, its stores and its page, and a small platform round it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, web

from observability.collector.app import collecting
from observability.collector.settings import Settings
from tests.serving import serving


@dataclass
class Edge:
    """Stands in for the platform's edge: it signs in one administrator, whose tokens are good until it is told."""

    login: dict[str, str]
    seen: list[tuple[str, str, str, dict[str, str]]] = field(default_factory=list)
    tokens: int = 0
    refresh_token: str = "refresh"
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.post("/api/v1/auth/login", self.sign_in),
                web.post("/api/v1/auth/refresh", self.renew),
                web.post("/api/v1/auth/logout", self.sign_out),
                web.route("*", "/api/v1/admin/{path:.+}", self.admin),
            ]
        )
        return app

    def expire(self) -> None:
        """Refuse every access token that was given out so far."""
        self.tokens += 1

    def revoke(self) -> None:
        """Refuse the refresh token that was given out, too."""
        self.expire()
        self.refresh_token = "another"

    async def sign_in(self, request: web.Request) -> web.Response:
        if await request.json() != self.login:
            return web.json_response({"detail": "e-mail or password is wrong"}, status=401)
        return self._pair()

    async def renew(self, request: web.Request) -> web.Response:
        if (await request.json())["refresh_token"] != self.refresh_token:
            return web.json_response({"detail": "not good any more"}, status=401)
        return self._pair()

    async def sign_out(self, request: web.Request) -> web.Response:
        self.seen.append(("POST", "logout", "", {}))
        return web.Response(status=204)

    async def admin(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer access-{self.tokens}":
            return web.json_response({"detail": "sign in"}, status=401)
        body = await request.text()
        self.seen.append((request.method, request.path_qs, body, dict(request.headers)))
        return web.json_response({"items": [], "next_cursor": None})

    def _pair(self) -> web.Response:
        return web.json_response(
            {"access_token": f"access-{self.tokens}", "refresh_token": self.refresh_token}
        )


@dataclass(frozen=True)
class Collector:
    """A running collector: where traces go, and a client of its console."""

    otlp: str
    console: ClientSession
    logs: Path
    edge: Edge

    async def get(self, path: str, **query: Any) -> Any:
        """What the console answers, which must be well."""
        async with self.console.get(path, params=query) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@pytest.fixture
async def collector(tmp_path: Path, unused_tcp_port_factory: Any) -> AsyncIterator[Collector]:
    """A collector with empty stores. Consul and Prometheus are not there."""
    assets = tmp_path / "page"
    assets.mkdir()
    (assets / "index.html").write_text("<!doctype html><title>Portico console</title>")
    edge = Edge({"email": "admin@portico.test", "password": "correct horse"})
    async with serving(edge.app()) as port:
        # Chosen when nothing else is about to take any.
        otlp, console, nowhere = (unused_tcp_port_factory() for _ in range(3))
        settings = Settings(
            otlp_port=otlp,
            console_port=console,
            console_assets=assets,
            collector_directory=tmp_path / "data",
            log_directory=tmp_path / "logs",
            public_url=f"http://127.0.0.1:{port}",
            prometheus_url=f"http://127.0.0.1:{nowhere}",
            consul_url=f"http://127.0.0.1:{nowhere}",
            shutdown_seconds=1.0,
        )
        app = web.Application()
        app.cleanup_ctx.append(collecting(settings))
        async with (
            serving(app),
            ClientSession(f"http://127.0.0.1:{console}", timeout=ClientTimeout(total=10)) as session,
        ):
            yield Collector(f"http://127.0.0.1:{otlp}", session, tmp_path / "logs", edge)
