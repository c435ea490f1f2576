"""The keys that sign access tokens, as auth publishes them in Consul."""

import hashlib
import logging
from base64 import urlsafe_b64encode
from operator import itemgetter

import orjson
from jwt import PyJWKSet
from jwt.exceptions import PyJWTError

_NOBODYS = urlsafe_b64encode(hashlib.sha256(b"a public key whose private half nobody has").digest()).rstrip(
    b"="
)
NO_KEYS = orjson.dumps(
    {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "", "x": _NOBODYS.decode()}]}
).decode()
"""Stands in until there is a key, because Envoy takes no empty set: it verifies nothing."""

_PUBLIC = frozenset({"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"})


logger = logging.getLogger(__name__)


class Unusable(Exception):
    """A document that Envoy could verify no token with."""


def usable(document: bytes) -> str:
    """The public members of every key in `document`, with the keys in one order. Raises `Unusable`."""
    try:
        PyJWKSet.from_json(document.decode())
        keys = [
            {name: key[name] for name in sorted(_PUBLIC & key.keys())}
            for key in orjson.loads(document)["keys"]
        ]
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unusable(str(error)) from error
    # By their names the edges acknowledge them.
    if not all(isinstance(key.get("kid"), str) for key in keys):
        raise Unusable("a key has no kid")
    return orjson.dumps({"keys": sorted(keys, key=itemgetter("kid"))}).decode()


def latest(document: bytes | None, known: str | None) -> str:
    """The keys to go on with when Consul has `document` and `known` were the last good ones.

    A document that is unusable, or deleted by mistake, must not lock everybody out.
    """
    try:
        return usable(document) if document is not None else known or NO_KEYS
    except Unusable as error:
        logger.error("the keys in consul are unusable, keeping the last good ones: %s", error)
        return known or NO_KEYS
