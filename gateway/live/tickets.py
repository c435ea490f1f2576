"""One-use tickets, which open a stream where no header can be sent: in browsers. A token must not stand in a URL.

A ticket is the name of a place in Redis and the key to what lies there: the token that it was got with, encrypted. So
Redis has tokens that it cannot read, and a URL that was seen by somebody is worth nothing once it has been used.
"""

import re
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken
from redis.asyncio import Redis

from gateway.redis.reach import reached
from gateway.settings import Settings
from services.chassis.errors import Invalid, Unauthenticated
from services.chassis.identity import identify_by, known_caller
from services.chassis.redis import REDIS

TICKET_SECONDS: Final = 30
PARAMETER: Final = "ticket"
_REDIS_SECONDS: Final = 1.0
"""Longer than limits and caches wait, which can do without."""
_PLACE_BYTES: Final = 16
_FORM: Final = re.compile(r"([\w-]{22})([\w-]{43})", re.ASCII)


class Tickets:
    """Those that were given out and not used yet."""

    def __init__(self, client: Redis, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    async def issue(self, token: str) -> str:
        """A ticket that stands for a token, once and for 30 seconds. Raises Unavailable without Redis."""
        place, key = secrets.token_urlsafe(_PLACE_BYTES), Fernet.generate_key()
        async with reached(self._client, _REDIS_SECONDS) as redis:
            await redis.set(self._name(place), Fernet(key).encrypt(token.encode()), ex=TICKET_SECONDS)
        return place + key.decode().rstrip("=")

    async def redeem(self, ticket: str) -> str:
        """The token that it stands for; nobody gets it again. Raises Unauthenticated, Unavailable without Redis."""
        parts = _FORM.fullmatch(ticket)
        if parts is None:
            raise _no_good()
        place, key = parts.groups()
        async with reached(self._client, _REDIS_SECONDS) as redis:
            sealed = await redis.getdel(self._name(place))
        if sealed is None:
            raise _no_good()
        try:
            return Fernet(f"{key}=").decrypt(sealed).decode()
        except (InvalidToken, ValueError) as error:
            raise _no_good() from error

    def _name(self, place: str) -> str:
        return f"{self._prefix}live:ticket:{place}"


def _no_good() -> Unauthenticated:
    return Unauthenticated("the ticket is not valid, or it was used before")


TICKETS = web.AppKey("TICKETS", Tickets)


def tickets(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The tickets: declare it after `redis`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        app[TICKETS] = Tickets(app[REDIS], settings.redis_prefix)
        yield

    return resource


async def present_ticket(request: web.Request) -> None:
    """Take a request that comes with a ticket for one of whom the ticket was given to.

    Raises Unauthenticated, Unavailable without Redis, and Invalid for one who has said already who they are.
    """
    ticket = request.query.get(PARAMETER)
    if ticket is None:
        return
    if known_caller(request):
        raise Invalid.field(PARAMETER, "not beside an access token")
    identify_by(request, await request.app[TICKETS].redeem(ticket))
