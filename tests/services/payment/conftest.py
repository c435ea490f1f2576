"""The payment service with the way that webhooks take to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web

from services.payment.app import make_app
from services.payment.settings import Settings
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner
from tests.serving import serving

SECRET = "a secret of the tests alone"


@dataclass
class Door:
    """Stands where clients and providers knock: passes webhooks on, and remembers them."""

    webhooks: str = ""
    target: str | None = None
    passed: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def knock(self, request: web.Request) -> web.Response:
        """503 while nobody is behind it."""
        body = await request.read()
        headers = {name: request.headers[name] for name in ("X-Portico-Signature", "Content-Type")}
        if self.target is None:
            return web.Response(status=503)
        async with (
            ClientSession(self.target) as http,
            http.post("/webhooks/sandbox", data=body, headers=headers) as answer,
        ):
            self.passed.append((headers, body))
            return web.Response(status=answer.status)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """Open as long as the test runs."""
    door = Door()
    app = web.Application()
    app.router.add_post("/webhooks/of/the/sandbox", door.knock)
    async with serving(app) as port:
        door.webhooks = f"http://127.0.0.1:{port}/webhooks/of/the/sandbox"
        yield door


MakeSettings = Callable[..., Settings]


@pytest.fixture
def settings(here: Corner, door: Door) -> MakeSettings:
    """Settings that know the door; `changes` replace others."""

    def make(**changes: Any) -> Settings:
        known = {
            "sandbox_webhook_url": door.webhooks,
            "sandbox_webhook_secret": SECRET,
            "sweep_seconds": 0.05,
        }
        return here.settings(Settings, **{**known, **changes})

    return make


StartPayment = Callable[..., Awaitable[Instance]]


@pytest.fixture
def start_payment(settings: MakeSettings, start: Start, door: Door) -> StartPayment:
    """Start the service behind the door. Asking for `settings` first has it stopped before its corner is cleared."""

    async def run(**changes: Any) -> Instance:
        instance = await start(make_app(settings(**changes)))
        door.target = f"http://127.0.0.1:{instance.port}"
        return instance

    return run
