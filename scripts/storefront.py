"""The public API as an operator's and a customer's client uses it, through Envoy."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from scripts.secrets import Login

REQUEST_SECONDS = 20.0
FOLLOW_SECONDS = 60.0
PATIENCE = 5

Json = Mapping[str, Any]

ADDRESS: Json = {
    "full_name": "Demo Customer",
    "phone": "+15550100",
    "street": "1 Colonnade",
    "city": "Springfield",
    "state": "IL",
    "country": "US",
    "postal_code": "62701",
}


class Refused(RuntimeError):
    """The platform answered with an error; `status` is the HTTP one, the message its problem document's."""

    def __init__(self, request: str, status: int, problem: Json) -> None:
        detail = problem.get("detail") or problem.get("title") or "no reason given"
        super().__init__(f"{request}: {status} {detail} {problem.get('errors') or ''}".rstrip())
        self.status = status


@dataclass(frozen=True)
class Event:
    """One step of an order: its status and when it was reached (RFC 3339)."""

    status: str
    at: str
    reason: str | None


def order_request(items: Mapping[str, int], token: str) -> Json:
    """The body of an order of so many of each sku, paid with a token of the sandbox provider."""
    return {
        "items": [{"sku": sku, "quantity": quantity} for sku, quantity in items.items()],
        "shipping_address": ADDRESS,
        "payment_method": {"provider": "sandbox", "token": token},
    }


class Storefront:
    """A client of the edge at `url`, with the token of whoever logged in last."""

    def __init__(self, url: str) -> None:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        self._session = aiohttp.ClientSession(url, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, body: Json | None = None, *, key: str = "") -> Any:
        """Send a request, with an Idempotency-Key if one is given; return the JSON answer.

        Waits as long as it is told to when there is too much to do (429, 503). Raises Refused.
        """
        for _ in range(PATIENCE):
            async with self._session.request(method, path, json=body, headers=_headers(key)) as response:
                if response.ok:
                    return await response.json() if response.content_type.endswith("json") else None
                refused = Refused(f"{method} {path}", response.status, await _problem(response))
                pause = response.headers.get("Retry-After", "")
            if response.status not in (429, 503) or not pause.isdigit():
                break
            await asyncio.sleep(int(pause))
        raise refused

    async def log_in(self, login: Login) -> None:
        """Use the token of an account from now on."""
        self._use(await self.tokens(login))

    async def sign_up(self, login: Login) -> None:
        """Log in to an account that is made first if it isn't there."""
        self._use(await self.new_tokens(login))

    async def tokens(self, login: Login) -> Json:
        """A pair of tokens of an account. Raises Refused."""
        answer: Json = await self.call("POST", "/api/v1/auth/login", login.model_dump())
        return answer

    async def new_tokens(self, login: Login) -> Json:
        """A pair of tokens of an account that is made first if it isn't there. Raises Refused."""
        # Asked in this order, since few accounts may be opened from one address.
        try:
            return await self.tokens(login)
        except Refused as error:
            if error.status != 401:
                raise
        try:
            await self.call("POST", "/api/v1/auth/register", login.model_dump())
        except Refused as error:
            if error.status != 409:
                raise
        return await self.tokens(login)

    def _use(self, tokens: Json) -> None:
        self._session.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    async def events(self, path: str) -> AsyncIterator[Event]:
        """The steps of an order as they happen, until the stream ends."""
        timeout = aiohttp.ClientTimeout(total=FOLLOW_SECONDS)
        async with self._session.get(path, timeout=timeout) as response:
            if not response.ok:
                raise Refused(f"GET {path}", response.status, await _problem(response))
            async for line in response.content:
                name, _, value = line.decode().strip().partition(": ")
                if name == "data":
                    data = json.loads(value)
                    yield Event(data["status"], data["at"], data.get("reason"))


def _headers(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


async def _problem(response: aiohttp.ClientResponse) -> Json:
    """The problem document of an answer, {} if it has none."""
    if not response.content_type.endswith("json"):
        return {}
    document: Json = await response.json(content_type=None)
    return document
