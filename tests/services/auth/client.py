"""The auth service as its clients use it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from services.auth.settings import Settings
from tests.answers import Answer
from tests.instances import Instance

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
