"""The auth service's documents and their indexes."""

from datetime import datetime
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from services.auth.domain import Account, Guesses, Session


class StoredAccount(Document):
    """An account; `id` is the user's."""

    id: str  # type: ignore[assignment]
    account: Account

    class Settings:
        name = "accounts"
        indexes: ClassVar = [IndexModel([("account.email", ASCENDING)], name="email", unique=True)]


class StoredSession(Document):
    """A session until it expires; to revoke it is to delete it. `id` is the family's, known only to the holder."""

    id: str  # type: ignore[assignment]
    session: Session

    class Settings:
        name = "sessions"
        indexes: ClassVar = [
            IndexModel([("session.user_id", ASCENDING)], name="user"),
            IndexModel([("session.expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        ]


class StoredGuesses(Document):
    """Failures for one address, whether it has an account or not; `id` is the SHA-256 of the address."""

    id: str  # type: ignore[assignment]
    guesses: Guesses

    class Settings:
        name = "guesses"
        indexes: ClassVar = [
            IndexModel([("guesses.last_failed_at", ASCENDING)], name="expiry", expireAfterSeconds=3600)
        ]


class StoredKey(Document):
    """A signing key; `id` is its kid. The newest generation signs, and the private part is encrypted."""

    id: str  # type: ignore[assignment]
    generation: int
    public_jwk: dict[str, str]
    encrypted_private_key: bytes
    created_at: datetime

    class Settings:
        name = "signing_keys"
        indexes: ClassVar = [IndexModel([("generation", ASCENDING)], name="generation", unique=True)]
