"""Access tokens, which anybody can verify, and refresh tokens, which only this service knows.

A refresh token is `<family>.<256 bits>`. Its successor is an HMAC of it: every instance finds the same one
again when a token is repeated, and none has to be stored in a form in which it could be used.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from services.auth.derivation import derived
from services.auth.domain import Account, Role
from services.auth.keys import KEYS, SigningKeys
from services.auth.settings import Settings
from services.chassis.identity import AUDIENCE, ISSUER


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What somebody who signed in holds. `expires_in` is the access token's, in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class Tokens:
    """Makes tokens that live as long as settings say."""

    def __init__(self, settings: Settings, keys: SigningKeys) -> None:
        self._keys = keys
        self._refresh_key = derived(settings.signing_key_secret, "refresh tokens")
        self._access_lifetime = timedelta(seconds=settings.access_token_seconds)
        self.refresh_lifetime = timedelta(days=settings.refresh_token_days)

    def pair(self, account: Account, refresh_token: str, now: datetime) -> TokenPair:
        """A fresh access token beside a refresh token. Raises Unavailable while no key is published."""
        access = self._keys.sign(claims(account.user_id, account.roles, now, self._access_lifetime))
        return TokenPair(access, refresh_token, int(self._access_lifetime.total_seconds()))

    def successor(self, refresh_token: str) -> str:
        """The next token of the family; always the same for the same token."""
        code = hmac.digest(self._refresh_key, refresh_token.encode(), "sha256")
        return f"{family(refresh_token)}.{base64.urlsafe_b64encode(code).rstrip(b'=').decode()}"


TOKENS: Final = web.AppKey("TOKENS", Tokens)


def tokens(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The maker of tokens: declare it after `signing_keys`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        app[TOKENS] = Tokens(settings, app[KEYS])
        yield

    return resource


def claims(user_id: str, roles: tuple[Role, ...], now: datetime, lifetime: timedelta) -> dict[str, Any]:
    """What an access token says."""
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user_id,
        "roles": list(roles),
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }


def new_refresh_token() -> str:
    """The first token of a new family."""
    return f"{secrets.token_hex(16)}.{secrets.token_urlsafe(32)}"


def family(refresh_token: str) -> str:
    """The family that a token says to belong to."""
    return refresh_token.partition(".")[0]


def digest(refresh_token: str) -> str:
    """How a token is stored."""
    return hashlib.sha256(refresh_token.encode()).hexdigest()
