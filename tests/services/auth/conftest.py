"""The auth service running on real parts, and what its clients do with it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from consul.aio import Consul
from pydantic import SecretStr

from discovery.consul.client import consul_client
from services.auth.app import make_app
from services.auth.settings import Settings
from tests.answers import Answer
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner

PASSWORD = "correct horse battery"
CHEAP = {
    "signing_key_secret": SecretStr("a secret for tests"),
    "argon2_passes": 1,
    "argon2_memory_kib": 64,
}


@dataclass(frozen=True)
class Auth:
    """One instance of the service."""

    instance: Instance
    settings: Settings

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request."""
        async with self.instance.http.request(method, path, json=body, headers=headers) as response:
            return await Answer.of(response)

    async def post(self, path: str, **body: Any) -> Answer:
        """Send one JSON body."""
        return await self.call("POST", path, body)

    async def register(self, email: str = "ann@example.com", password: str = PASSWORD) -> Answer:
        """Sign up."""
        return await self.post("/register", email=email, password=password)

    async def login(self, email: str = "ann@example.com", password: str = PASSWORD) -> Answer:
        """Sign in."""
        return await self.post("/login", email=email, password=password)

    async def refresh(self, token: str) -> Answer:
        """Exchange a refresh token."""
        return await self.post("/refresh", refresh_token=token)

    async def me(self, access_token: str) -> Answer:
        """Read the own account."""
        headers = {"Authorization": f"Bearer {access_token}"} if access_token else {}
        async with self.instance.http.get("/accounts/me", headers=headers) as response:
            return await Answer.of(response)

    async def logout(self, token: str) -> Answer:
        """Sign out."""
        return await self.post("/logout", refresh_token=token)


RunAuth = Callable[..., Awaitable[Auth]]


@pytest.fixture
def run_auth(here: Corner, start: Start) -> RunAuth:
    """Start an instance; settings may differ from those of a fast test."""

    async def run(**changes: Any) -> Auth:
        settings = here.settings(Settings, **{**CHEAP, **changes})
        return Auth(await start(make_app(settings)), settings)

    return run


@pytest.fixture
async def consul(here: Corner) -> AsyncIterator[Consul]:
    """A client."""
    async with consul_client(here.layout.url("consul")) as client:
        yield client


@pytest.fixture
async def auth(run_auth: RunAuth) -> Auth:
    """One instance."""
    return await run_auth()
