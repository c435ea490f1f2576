"""One secret from outside, and the keys for several purposes that are made of it."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr


def derived(secret: SecretStr, purpose: str) -> bytes:
    """A key of 32 bytes that tells nothing of the secret, nor of the keys for other purposes."""
    material = secret.get_secret_value().encode()
    return HKDF(SHA256(), 32, salt=None, info=f"portico {purpose}".encode()).derive(material)
