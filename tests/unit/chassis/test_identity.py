"""Access tokens are verified once, and no longer than they are good."""

import json
import time
from contextlib import suppress

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chassis.errors import Unauthenticated
from services.chassis.identity import ALGORITHM, AUDIENCE, ISSUER, Verifier
from tests.parts import eventually


def key_pair(kid: str) -> tuple[Ed25519PrivateKey, bytes]:
    private = Ed25519PrivateKey.generate()
    public = jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return private, json.dumps({"keys": [{**public, "kid": kid, "alg": ALGORITHM}]}).encode()


def token(private: Ed25519PrivateKey, kid: str, expires_in: float) -> str:
    now = time.time()
    claims = {
        "sub": "u1",
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + expires_in,
        "roles": ["customer"],
    }
    return jwt.encode(claims, private, ALGORITHM, headers={"kid": kid})


def test_a_token_is_good_again_and_again() -> None:
    private, jwks = key_pair("k1")
    verifier = Verifier(jwks)
    bearer = token(private, "k1", 60)
    assert verifier.verify(bearer) == verifier.verify(bearer)
    assert verifier.verify(bearer).user_id == "u1"


async def test_one_that_was_good_is_refused_when_it_has_expired() -> None:
    private, jwks = key_pair("k1")
    verifier = Verifier(jwks)
    bearer = token(private, "k1", 1)
    verifier.verify(bearer)

    async def refused() -> bool:
        with suppress(Unauthenticated):
            verifier.verify(bearer)
            return False
        return True

    await eventually(refused)


def test_one_that_was_good_is_refused_when_its_key_is_withdrawn() -> None:
    private, jwks = key_pair("k1")
    verifier = Verifier(jwks)
    bearer = token(private, "k1", 60)
    verifier.verify(bearer)
    verifier.learn(key_pair("k2")[1])
    with pytest.raises(Unauthenticated):
        verifier.verify(bearer)
