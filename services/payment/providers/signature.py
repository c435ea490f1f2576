"""Signatures of webhooks: `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`."""

import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

from services.chassis.errors import Unauthenticated

HEADER: Final = "X-Portico-Signature"
TOLERANCE_SECONDS: Final = 300
_FORM: Final = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, now: datetime) -> str:
    """The header's value for a body that is sent now."""
    seconds = str(int(now.timestamp()))
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def verify(secret: str, body: bytes, signature: str, now: datetime) -> None:
    """Raises Unauthenticated for a signature that is not ours, not of this body, or too old."""
    parts = _FORM.fullmatch(signature)
    if parts is None or not hmac.compare_digest(_digest(secret, parts[1], body), parts[2]):
        raise Unauthenticated("the signature is not valid", slug="bad-signature")
    if abs(now.timestamp() - int(parts[1])) > TOLERANCE_SECONDS:
        raise Unauthenticated("the signature is too old", slug="bad-signature")


def _digest(secret: str, seconds: str, body: bytes) -> str:
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
