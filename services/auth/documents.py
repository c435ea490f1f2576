"""The auth service's documents and their indexes."""

from datetime import datetime
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from services.auth.domain import Account, Guesses, Key, Session


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
    """A signing key; `id` is its kid. The private part is encrypted, and gone once the key is removed.

    What is left of a removed key tells for 400 days that there was one, and why it was replaced.
    """

    id: str  # type: ignore[assignment]
    generation: int
    public_jwk: dict[str, str]
    encrypted_private_key: bytes | None
    created_at: datetime
    acknowledged_at: datetime | None = None
    activated_at: datetime | None = None
    removed_at: datetime | None = None
    overlap_seconds: float = 0.0
    revokes: bool = False
    reason: str = ""
    asked_by: str | None = None

    class Settings:
        name = "signing_keys"
        indexes: ClassVar = [
            IndexModel([("generation", ASCENDING)], name="generation", unique=True),
            IndexModel([("removed_at", ASCENDING)], name="removal", expireAfterSeconds=400 * 86400),
        ]

    @property
    def key(self) -> Key:
        """The key without its material."""
        return Key(kid=self.id, **{name: getattr(self, name) for name in Key.model_fields if name != "kid"})
