"""What the auth service says."""

from datetime import datetime
from typing import ClassVar

from services.contracts.message import Event


class UserRegistered(Event):
    """Somebody has an account now. Ids only: personal data stays with its owner."""

    kind: ClassVar[str] = "auth.user_registered.v1"

    user_id: str
    registered_at: datetime
