"""An operator's session, and the part of the admin API that the page uses with it.

The page gets a key that is good here alone; the tokens stay in this process. The page keeps it where only its own
origin can read it, and sends it in a header: a cookie would go along to every other port of this machine.
"""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.chassis.errors import NotFound, Unauthenticated, Unavailable
from services.chassis.http import read, read_body

API: Final = "/api/v1"
IDLE_SECONDS: Final = 30 * 60.0
MOST_SESSIONS: Final = 32
_CALL_SECONDS: Final = 15.0
_SCHEME: Final = "Session "
_ID: Final = "[A-Za-z0-9_-]{1,128}"
_FORWARDED: Final = ("Idempotency-Key", "Content-Type")
_ALLOWED: Final = {
    "GET": re.compile(rf"(dead-letters|sagas)(/{_ID})?|audit"),
    "POST": re.compile(rf"dead-letters(/{_ID})?/(replay|discard)|sagas/{_ID}/(resume|compensation)"),
}


class SignIn(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=3, max_length=254)
    password: SecretStr = Field(min_length=1, max_length=1024)


@dataclass
class Session:
    """The tokens of somebody who has signed in, and when they were last here (monotonic seconds)."""

    access_token: str
    refresh_token: str
    seen: float
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class Answer:
    """What the edge said."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str]

    def response(self) -> web.Response:
        return web.Response(
            body=self.body, status=self.status, content_type=self.content_type, headers=self.headers
        )


class Operators:
    """Everybody who has signed in, a bounded number of them, each until they have been idle for long."""

    def __init__(self, edge: aiohttp.ClientSession) -> None:
        self._edge = edge
        self._sessions: dict[str, Session] = {}

    async def sign_in(self, who: SignIn) -> tuple[str | None, Answer]:
        """A new session's key, or None with the edge's refusal."""
        body = {"email": who.email, "password": who.password.get_secret_value()}
        answer = await self._call(
            "POST", "/auth/login", orjson.dumps(body), {"Content-Type": "application/json"}
        )
        if answer.status != 200:
            return None, answer
        tokens = orjson.loads(answer.body)
        self._make_room()
        key = secrets.token_urlsafe(32)
        self._sessions[key] = Session(tokens["access_token"], tokens["refresh_token"], time.monotonic())
        return key, answer

    async def sign_out(self, key: str) -> None:
        """End a session here and at auth."""
        if session := self._sessions.pop(key, None):
            body = orjson.dumps({"refresh_token": session.refresh_token})
            await self._call("POST", "/auth/logout", body, {"Content-Type": "application/json"})

    async def call(self, key: str, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Ask the admin API in somebody's name. Raises Unauthenticated when their session is over."""
        self._forget_idle()
        session = self._sessions.get(key)
        if session is None:
            raise Unauthenticated("sign in first")
        session.seen = time.monotonic()
        token = session.access_token
        answer = await self._call(method, f"/admin/{path}", body, _with(headers, token))
        if answer.status != 401:
            return answer
        if not await self._renew(session, token):
            self._sessions.pop(key, None)
            raise Unauthenticated("the session is over: sign in again")
        return await self._call(method, f"/admin/{path}", body, _with(headers, session.access_token))

    async def _renew(self, session: Session, stale: str) -> bool:
        """Get new tokens unless somebody just did; whether there are some."""
        async with session.lock:
            if session.access_token != stale:
                return True
            body = orjson.dumps({"refresh_token": session.refresh_token})
            answer = await self._call("POST", "/auth/refresh", body, {"Content-Type": "application/json"})
            if answer.status != 200:
                return False
            tokens = orjson.loads(answer.body)
            session.access_token, session.refresh_token = tokens["access_token"], tokens["refresh_token"]
            return True

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            async with self._edge.request(
                method, f"{API}{path}", data=body or None, headers=headers
            ) as response:
                told = {name: response.headers[name] for name in ("Retry-After",) if name in response.headers}
                return Answer(response.status, await response.read(), response.content_type, told)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable("the edge does not answer: `portico status` tells whether it runs") from error

    def _forget_idle(self) -> None:
        """Those who have been away for long."""
        oldest = time.monotonic() - IDLE_SECONDS
        self._sessions = {key: one for key, one in self._sessions.items() if one.seen >= oldest}

    def _make_room(self) -> None:
        """For one more: when there are too many, whoever was away longest goes."""
        self._forget_idle()
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda key: self._sessions[key].seen)]


def _with(headers: dict[str, str], token: str) -> dict[str, str]:
    return {**headers, "Authorization": f"Bearer {token}"}


OPERATORS: Final = web.AppKey("OPERATORS", Operators)
routes = web.RouteTableDef()


def operators(edge_url: str) -> Callable[[web.Application], AsyncIterator[None]]:
    """Sessions at the edge at this URL, for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=_CALL_SECONDS)
        async with aiohttp.ClientSession(edge_url, timeout=timeout) as edge:
            app[OPERATORS] = Operators(edge)
            yield

    return resource


@routes.post("/api/session")
async def sign_in(request: web.Request) -> web.Response:
    """Sign in; gives the session's key."""
    key, answer = await request.app[OPERATORS].sign_in(await read(request, SignIn))
    return answer.response() if key is None else web.json_response({"session": key}, status=201)


@routes.delete("/api/session")
async def sign_out(request: web.Request) -> web.Response:
    """Sign out."""
    await request.app[OPERATORS].sign_out(_key(request))
    return web.Response(status=204)


@routes.route("*", "/api/admin/{path:.+}")
async def admin(request: web.Request) -> web.Response:
    """What the page may do of the admin API: dead letters, sagas, and who did what."""
    path = request.match_info["path"]
    allowed = _ALLOWED.get(request.method)
    if allowed is None or not allowed.fullmatch(path):
        raise NotFound("the console has no such request")
    query = request.rel_url.raw_query_string
    wanted = f"{path}?{query}" if query else path
    headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
    answer = await request.app[OPERATORS].call(
        _key(request), request.method, wanted, await read_body(request), headers
    )
    return answer.response()


def _key(request: web.Request) -> str:
    said = request.headers.get("Authorization", "")
    if not said.startswith(_SCHEME):
        raise Unauthenticated("sign in first")
    return said.removeprefix(_SCHEME)
