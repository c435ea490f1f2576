"""Who is calling: the bearer token, verified in every process against the keys that auth publishes in Consul."""

import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import jwt
from aiohttp import web
from cachetools import LRUCache

from discovery.consul.client import consul_client
from discovery.consul.watch import WATCH_SECONDS, watch_key
from services.chassis.background import background
from services.chassis.errors import Forbidden, Unauthenticated, Unavailable
from services.chassis.health import READINESS
from services.chassis.settings import ProcessSettings

ISSUER: Final = "portico-auth"
AUDIENCE: Final = "portico"
ALGORITHM: Final = "EdDSA"
_REMEMBERED: Final = 10_000

_log = logging.getLogger(__name__)


class Role(StrEnum):
    """What a caller may be."""

    CUSTOMER = "customer"
    SUPPORT = "support"
    ADMIN = "admin"


STAFF: Final = (Role.SUPPORT, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified user."""

    user_id: str
    roles: frozenset[str]

    def has(self, *roles: Role) -> bool:
        """Any one of these."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_staff(self) -> bool:
        """Whether they work here, and so may see what customers may not."""
        return self.has(*STAFF)


class Verifier:
    """Verifies access tokens: Ed25519, our issuer and audience, not expired, by a known key.

    A token that was found good stays good until it expires or the keys change, so it is verified once.
    """

    def __init__(self, jwks: bytes | None = None) -> None:
        self._keys: dict[str, jwt.PyJWK] = {}
        self._verified: LRUCache[str, tuple[Caller, float]] = LRUCache(_REMEMBERED)
        self.learn(jwks)

    def learn(self, jwks: bytes | None) -> None:
        """Take over a JWKS document. What cannot be read changes nothing."""
        if jwks is None:
            return
        try:
            self._keys = {str(key.key_id): key for key in jwt.PyJWKSet.from_json(jwks.decode()).keys}
            self._verified.clear()
        except (jwt.PyJWTError, json.JSONDecodeError, UnicodeDecodeError):
            _log.exception("the published JWKS cannot be read; going on with the keys known so far")

    def kids(self) -> list[str]:
        """The keys that it verifies with."""
        return sorted(self._keys)

    def verify(self, token: str) -> Caller:
        """The caller that the token speaks for. Raises Unauthenticated; Unavailable while no key is known."""
        if not self._keys:
            raise Unavailable("access tokens cannot be verified yet")
        known, expires_at = self._verified.get(token, (None, 0.0))
        if known and time.time() < expires_at:
            return known
        claims = self._claims(token)
        verified = _caller(claims)
        self._verified[token] = verified, float(claims["exp"])
        return verified

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys[str(jwt.get_unverified_header(token).get("kid"))]
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # A clock that is a little behind must not refuse what was issued a moment ago.
                options={"require": ["exp", "iat", "sub", "aud", "iss"], "verify_iat": False},
            )
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            raise Unauthenticated("the access token is not valid") from error


def _caller(claims: dict[str, Any]) -> Caller:
    roles = claims.get("roles", [])
    return Caller(claims["sub"], frozenset(role for role in roles if isinstance(role, str)))


VERIFIER = web.AppKey("VERIFIER", Verifier)
_CALLER = web.RequestKey("CALLER", Caller)
_TOKEN = web.RequestKey("TOKEN", str)


def identity(settings: ProcessSettings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Keep the verifier's keys up to date with what auth publishes, for as long as the application lives.

    The health report tells which they are: a key signs only when every process has told that it knows it.
    """

    async def resource(app: web.Application) -> AsyncIterator[None]:
        app[READINESS].tell("signing_keys", app[VERIFIER].kids)

        async def follow() -> None:
            async with consul_client(settings.consul_url, connections=1, seconds=WATCH_SECONDS) as client:
                async for jwks in watch_key(client, settings.jwks_key):
                    app[VERIFIER].learn(jwks)

        async with background("signing keys", follow):
            yield

    return resource


def identify(request: web.Request) -> None:
    """Verify the bearer token, where there is one. A bad one is refused wherever it is sent. Raises Unauthenticated."""
    header = request.headers.get("Authorization")
    if header is None:
        return
    scheme, _, token = header.partition(" ")
    # Written as the edge reads it: what it has not verified is not worth the effort here.
    if scheme != "Bearer" or not token:
        raise Unauthenticated("the Authorization header must be `Bearer <access token>`")
    identify_by(request, token.strip())


def identify_by(request: web.Request, token: str) -> None:
    """Take the request for that of whom the token speaks for. Raises Unauthenticated."""
    request[_CALLER] = request.app[VERIFIER].verify(token)
    request[_TOKEN] = token


def access_token(request: web.Request) -> str:
    """The token that the caller was verified by. Raises Unauthenticated for an anonymous one."""
    found: str | None = request.get(_TOKEN)
    if found is None:
        raise Unauthenticated
    return found


def known_caller(request: web.Request) -> Caller | None:
    """The caller, or None for an anonymous one."""
    found: Caller | None = request.get(_CALLER)
    return found


def caller(request: web.Request) -> Caller:
    """The caller. Raises Unauthenticated for an anonymous one."""
    found = known_caller(request)
    if found is None:
        raise Unauthenticated
    return found


def require(request: web.Request, *roles: Role) -> Caller:
    """The caller, who must have one of these roles. Raises Unauthenticated or Forbidden."""
    found = caller(request)
    if not found.has(*roles):
        raise Forbidden(f"this needs one of the roles {', '.join(roles)}")
    return found
