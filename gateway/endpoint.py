"""What every public endpoint has in common: who may call it, its deadline, and how it hands a request on."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

import orjson
from aiohttp import web

from discovery.config.resilience import Resilience
from gateway.contract import Contract
from gateway.live.tickets import present_ticket
from gateway.upstreams.client import UPSTREAMS, Answer, Calls, Service, path
from services.chassis.config import CONFIGURATION
from services.chassis.errors import Invalid, Malformed, NotFound, UnsupportedMedia
from services.chassis.flags import Switch, is_on
from services.chassis.http import read_body
from services.chassis.identity import STAFF, Role, access_token, caller, known_caller, require
from services.chassis.middlewares import DEADLINE, context_headers

Handler = Callable[[web.Request, Calls], Awaitable[web.StreamResponse]]

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_PASSED_BACK: Final = ("Content-Type", "Cache-Control")
_BODIES: Final = frozenset({"POST", "PUT", "PATCH"})


class Who(Enum):
    """Who may call an endpoint."""

    ANYONE = "anyone"
    USER = "anyone signed in, for themselves"
    OWNER = "whose it is, support, admin; for any other customer it does not exist (404)"
    STAFF = "support, admin"
    ADMIN = "admin"


_ROLES: Final[Mapping[Who, tuple[Role, ...]]] = MappingProxyType({Who.STAFF: STAFF, Who.ADMIN: (Role.ADMIN,)})


class Key(Enum):
    """What is done with an Idempotency-Key. Envoy repeats whatever carries one, so only who heeds it gets it."""

    IGNORED = "ignored"
    HEEDED = "heeded"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the public API.

    Not `switchable` is the way in, which administrators need too, and what a payment provider says only once.
    A `ticketed` one takes a ticket for a token: browsers cannot send headers with it.
    """

    method: str
    path: str
    who: Who
    handler: Handler
    contract: Contract
    key: Key = Key.IGNORED
    switchable: bool = True
    ticketed: bool = False

    def route(self, prefix: str) -> web.RouteDef:
        """The endpoint below `prefix`, guarded and with its deadline running."""
        switch = self.switch

        async def handle(request: web.Request) -> web.StreamResponse:
            if self.ticketed:
                await present_ticket(request)
            self.admit(request, switch)
            self._check_key(request)
            return await self.handler(request, self._calls(request))

        return web.route(self.method, prefix + self.path, handle)

    def _calls(self, request: web.Request) -> Calls:
        resilience = request.app[CONFIGURATION][Resilience]
        seconds = resilience.read_seconds if self.method == "GET" else resilience.write_seconds
        deadline = min(request.get(DEADLINE, math.inf), asyncio.get_running_loop().time() + seconds)
        return Calls(request.app[UPSTREAMS], self._headers(request), deadline, resilience.optional_seconds)

    @property
    def switch(self) -> Switch | None:
        """The flag that it is there for; none for what must never be off."""
        if self.who is Who.ADMIN or not self.switchable:
            return None
        return Switch(f"endpoint-{self.contract.id.replace('_', '-')}", default=True)

    def admit(self, request: web.Request, switch: Switch | None) -> None:
        """Let in who may call it, while `switch`, its own, is on. Raises NotFound, Unauthenticated, Forbidden."""
        if switch and not is_on(request, switch):
            raise NotFound("this is switched off", slug="switched-off")
        if self.who in _ROLES:
            require(request, *_ROLES[self.who])
        elif self.who is not Who.ANYONE:
            caller(request)

    def _check_key(self, request: web.Request) -> None:
        if self.key is Key.REQUIRED and not request.headers.get(IDEMPOTENCY_KEY):
            raise Malformed(f"the header {IDEMPOTENCY_KEY} is required")

    def _headers(self, request: web.Request) -> dict[str, str]:
        """What goes along with every call."""
        keys = () if self.key is Key.IGNORED else (IDEMPOTENCY_KEY,)
        authorization = {"Authorization": f"Bearer {access_token(request)}"} if known_caller(request) else {}
        return {**context_headers(), **authorization, **headers_of(request, keys)}


def headers_of(request: web.Request, names: Iterable[str]) -> dict[str, str]:
    """Those of the request's headers, to be sent on. Raises Malformed for what cannot be."""
    found = {name: request.headers[name] for name in names if name in request.headers}
    for name, value in found.items():
        if not (value.isascii() and value.isprintable()):
            raise Malformed(f"the header {name} must be printable ASCII")
    return found


def passed_to(service: Service, template: str) -> Handler:
    """A handler that hands the request on as it is and the answer back; `template` is like `/orders/{id}/status`."""

    async def handle(request: web.Request, calls: Calls) -> web.Response:
        target = path(*(part.format_map(request.match_info) for part in template.strip("/").split("/")))
        body = await json_object(request) if _has_body(request) else None
        return passed_back(await calls.ask(service, request.method, target + query_of(request), body=body))

    return handle


def _has_body(request: web.Request) -> bool:
    """Whether a body was sent, or JSON announced. Whether one is needed is the owning service's business."""
    return request.method in _BODIES and (request.body_exists or request.content_type == "application/json")


def passed_back(answer: Answer) -> web.Response:
    """An answer as it came."""
    headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def query_of(request: web.Request) -> str:
    """The request's query string with its question mark, written anew; empty when there is none."""
    return f"?{urlencode(list(request.query.items()), errors='replace')}" if request.query else ""


def no_parameters(request: web.Request) -> None:
    """For what takes no query. Raises Invalid for one, since what is sent is not ignored."""
    for name in request.query:
        raise Invalid.field(name, "there is no such parameter")


async def json_object(request: web.Request) -> bytes:
    """The body as it came, known to be a JSON object; its fields are the owning service's business.

    Raises TooLarge, UnsupportedMedia, Malformed, Invalid.
    """
    if request.content_type != "application/json":
        raise UnsupportedMedia("send the body as application/json")
    body = await read_body(request)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("the body is not valid JSON") from error
    if not isinstance(document, dict):
        raise Invalid.field("body", "must be a JSON object")
    return body
