"""The keys that sign access tokens: how they are made, kept, and signed with."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import jwt
from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from pymongo.asynchronous.client_session import AsyncClientSession

from services.auth.derivation import derived
from services.auth.documents import StoredKey
from services.auth.domain import Key
from services.auth.lifecycle import Begin, Change, active, hastened
from services.auth.settings import Settings
from services.chassis.errors import Conflict, Unavailable
from services.chassis.identity import ALGORITHM

_MARKS: Final = ("acknowledged_at", "activated_at", "removed_at")
_HISTORY: Final = 20


class SigningKeys:
    """Signs with the active key, for as long as the database was seen to call it so a short while ago."""

    def __init__(self, settings: Settings) -> None:
        secret = derived(settings.signing_key_secret, "signing keys at rest")
        self._cipher = Fernet(base64.urlsafe_b64encode(secret))
        self._trust_seconds = settings.key_trust_seconds
        self._overlap_seconds = settings.access_token_seconds + settings.key_trust_seconds
        self._private: Ed25519PrivateKey | None = None
        self._kid = ""
        self._seen_at = 0.0

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT. Raises Unavailable while no key is known to be the active one."""
        if (private := self._in_use()) is None:
            raise Unavailable("no signing key is in use")
        return jwt.encode(claims, private, algorithm=ALGORITHM, headers={"kid": self._kid})

    async def ready(self) -> None:
        """Readiness: raises LookupError while nothing can be signed."""
        if self._in_use() is None:
            raise LookupError("no signing key is in use")

    async def look(self) -> list[StoredKey]:
        """The accepted keys in the order of their generations; from now on the active one of them signs."""
        now = time.monotonic()
        stored = await accepted_keys()
        if (current := active(one.key for one in stored)) is not None:
            # Before it signs: its removal waits for the tokens of whoever lets them live the longest.
            if current.overlap_seconds < self._overlap_seconds:
                await _change(current.kid, {"$max": {"overlap_seconds": self._overlap_seconds}})
            if current.kid != self._kid:
                (found,) = (one for one in stored if one.id == current.kid)
                self._private, self._kid = self._decrypted(found), found.id
            self._seen_at = now
        return stored

    def make(self, generation: int, wish: Begin, now: datetime) -> StoredKey:
        """A fresh Ed25519 key; its kid is the thumbprint of RFC 7638."""
        private = Ed25519PrivateKey.generate()
        public: dict[str, str] = json.loads(OKPAlgorithm.to_jwk(private.public_key()))
        required = {name: public[name] for name in ("crv", "kty", "x")}
        kid = _thumbprint(required)
        return StoredKey(
            id=kid,
            generation=generation,
            public_jwk={**required, "kid": kid, "use": "sig", "alg": ALGORITHM},
            encrypted_private_key=self._cipher.encrypt(private.private_bytes_raw()),
            created_at=now,
            reason=wish.reason,
            asked_by=wish.asked_by,
            revokes=wish.revokes,
        )

    def _in_use(self) -> Ed25519PrivateKey | None:
        trusted = time.monotonic() - self._seen_at <= self._trust_seconds
        return self._private if trusted else None

    def _decrypted(self, key: StoredKey) -> Ed25519PrivateKey:
        try:
            return Ed25519PrivateKey.from_private_bytes(
                self._cipher.decrypt(key.encrypted_private_key or b"")
            )
        except InvalidToken as error:
            raise RuntimeError("the signing keys were encrypted with another signing key secret") from error


KEYS: Final = web.AppKey("KEYS", SigningKeys)


def jwks(stored: list[StoredKey]) -> bytes:
    """The document that verifiers need."""
    return json.dumps({"keys": [key.public_jwk for key in stored]}).encode()


async def accepted_keys(session: AsyncClientSession | None = None) -> list[StoredKey]:
    """The keys that are not removed, in the order of their generations."""
    return await StoredKey.find({"removed_at": None}, session=session).sort("generation").to_list()


async def removed_keys() -> list[StoredKey]:
    """The last few that were removed, the newest first."""
    return await StoredKey.find({"removed_at": {"$ne": None}}).sort("-removed_at").limit(_HISTORY).to_list()


async def hasten(key: Key, wish: Begin, session: AsyncClientSession) -> Key:
    """Have a key that is on its way revoke all before it. Raises Conflict when it has arrived meanwhile."""
    wanted = hastened(key, wish)
    change = {"$set": {name: getattr(wanted, name) for name in ("revokes", "reason", "asked_by")}}
    collection = StoredKey.get_pymongo_collection()
    result = await collection.update_one({"_id": key.kid, "activated_at": None}, change, session=session)
    if not result.matched_count:
        raise Conflict("the key that was on its way signs by now: ask again", slug="rotation-in-progress")
    return wanted


async def carry_out(change: Change) -> bool:
    """Save a change unless the key has changed meanwhile, and tell which. A removed key's private part is erased."""
    before, after = ({name: getattr(key, name) for name in _MARKS} for key in (change.before, change.after))
    erasure = {"encrypted_private_key": None} if change.after.removed_at else {}
    return await _change(change.before.kid, {"$set": after | erasure}, before)


async def _change(kid: str, update: Mapping[str, Any], unchanged: Mapping[str, Any] | None = None) -> bool:
    condition = {"_id": kid, **(unchanged or {})}
    result = await StoredKey.get_pymongo_collection().update_one(condition, update)
    return result.matched_count == 1


def _thumbprint(jwk: Mapping[str, str]) -> str:
    canonical = json.dumps(dict(jwk), sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
