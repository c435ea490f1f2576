"""Access tokens like those that auth signs, good ones and bad ones."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from services.chassis.identity import ALGORITHM, AUDIENCE, ISSUER


@dataclass(frozen=True)
class Issuer:
    """A key pair and what it signs."""

    key: Ed25519PrivateKey
    kid: str

    @classmethod
    def make(cls, kid: str = "test-key") -> Self:
        """A fresh one."""
        return cls(Ed25519PrivateKey.generate(), kid)

    @property
    def jwks(self) -> bytes:
        """The public half, as auth publishes it."""
        key = json.loads(OKPAlgorithm.to_jwk(self.key.public_key()))
        return json.dumps({"keys": [{**key, "kid": self.kid, "use": "sig", "alg": ALGORITHM}]}).encode()

    def token(self, user_id: str, *roles: str, **claims: Any) -> str:
        """A token for a customer, or for whoever the roles say; `claims` replace or, as None, remove others."""
        now = datetime.now(UTC)
        payload = {
            "sub": user_id,
            "roles": list(roles or ("customer",)),
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + timedelta(minutes=5),
            **claims,
        }
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(payload, self.key, algorithm=ALGORITHM, headers={"kid": self.kid})

    def bearer(self, user_id: str, *roles: str, **claims: Any) -> dict[str, str]:
        """The header that carries such a token."""
        return {"Authorization": f"Bearer {self.token(user_id, *roles, **claims)}"}
