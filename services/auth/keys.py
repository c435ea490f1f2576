"""The keys that sign access tokens: made once, kept encrypted, published in Consul before they are used."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Final

import jwt
from aiohttp import web
from consul.aio import Consul
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from pymongo.errors import DuplicateKeyError

from discovery.consul import kv
from discovery.consul.client import ERRORS, consul_client
from services.auth.derivation import derived
from services.auth.documents import StoredKey
from services.auth.settings import Settings
from services.chassis.background import every
from services.chassis.clock import utcnow
from services.chassis.errors import Unavailable
from services.chassis.health import READINESS
from services.chassis.identity import ALGORITHM
from services.chassis.startup import until_available


class SigningKeys:
    """Signs with the newest key, once that is published."""

    def __init__(self, cipher: Fernet) -> None:
        self._cipher = cipher
        self._kid = ""
        self._private: Ed25519PrivateKey | None = None
        self.jwks = b""

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT. Raises Unavailable while no key is published."""
        if self._private is None:
            raise Unavailable("no signing key is published yet")
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers={"kid": self._kid})

    async def ready(self) -> None:
        """Readiness: raises LookupError while no key is published."""
        if self._private is None:
            raise LookupError("no signing key is published")

    async def publish(self, client: Consul, name: str) -> None:
        """See to it that Consul has all keys under `name`, then sign with the newest. Raises what Consul does."""
        stored = await StoredKey.find().sort("generation").to_list()
        jwks = json.dumps({"keys": [key.public_jwk for key in stored]}).encode()
        if await kv.get(client, name) != jwks:
            await kv.put(client, name, jwks)
        self.jwks = jwks
        if stored[-1].id != self._kid:
            self._private, self._kid = self._decrypted(stored[-1]), stored[-1].id

    def _decrypted(self, key: StoredKey) -> Ed25519PrivateKey:
        try:
            return Ed25519PrivateKey.from_private_bytes(self._cipher.decrypt(key.encrypted_private_key))
        except InvalidToken as error:
            raise RuntimeError("the signing keys were encrypted with another signing key secret") from error


def new_key(cipher: Fernet, generation: int, now: datetime) -> StoredKey:
    """A fresh Ed25519 key; its kid is the thumbprint of RFC 7638."""
    private = Ed25519PrivateKey.generate()
    public: dict[str, str] = json.loads(OKPAlgorithm.to_jwk(private.public_key()))
    required = {name: public[name] for name in ("crv", "kty", "x")}
    thumbprint = hashlib.sha256(json.dumps(required, sort_keys=True, separators=(",", ":")).encode()).digest()
    kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    return StoredKey(
        id=kid,
        generation=generation,
        public_jwk={**required, "kid": kid, "use": "sig", "alg": ALGORITHM},
        encrypted_private_key=cipher.encrypt(private.private_bytes_raw()),
        created_at=now,
    )


async def _see_to_a_first_key(cipher: Fernet, now: datetime) -> None:
    if await StoredKey.find_one({"generation": 1}) is None:
        try:
            await new_key(cipher, 1, now).insert()
        except DuplicateKeyError:
            return  # another instance was faster, and its key is the one


KEYS: Final = web.AppKey("KEYS", SigningKeys)


def signing_keys(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The keys, kept published for as long as the application lives. Waits for Consul; declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        cipher = Fernet(
            base64.urlsafe_b64encode(derived(settings.signing_key_secret, "signing keys at rest"))
        )
        await _see_to_a_first_key(cipher, utcnow())
        keys = app[KEYS] = SigningKeys(cipher)
        app[READINESS].add("signing keys", keys.ready)
        async with consul_client(settings.consul_url, connections=1) as client:

            async def publish() -> None:
                await keys.publish(client, settings.jwks_key)

            await until_available(f"consul at {settings.consul_url}", publish, (*ERRORS, kv.RefusedWrite))
            async with every("publication of signing keys", settings.jwks_check_seconds, publish):
                yield

    return resource
