"""Feature flags: on or off, for a share of the users, for some roles."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Literal

from openfeature.flag_evaluation import Reason
from pydantic import Field, ValidationError

from discovery.config.section import Setting, unusable

NAME = r"^[a-z][a-z0-9-]{0,63}$"
Role = Literal["customer", "support", "admin"]
_SHARES = 10_000


class Flag(Setting):
    """On for callers with one of `roles` (none: for all), and of those for `percentage` of the users."""

    enabled: bool = True
    percentage: Annotated[float, Field(ge=0, le=100)] = 100.0
    roles: tuple[Role, ...] = ()
    description: Annotated[str, Field(max_length=500)] = ""

    def decide(self, name: str, user_id: str | None, roles: Iterable[str]) -> tuple[bool, Reason]:
        """Whether it is on, and why. A user stays on the same side while the percentage grows.

        An anonymous caller is nobody in particular, and so in no share but the whole.
        """
        if not self.enabled:
            return False, Reason.DISABLED
        if self.roles and set(self.roles).isdisjoint(roles):
            return False, Reason.TARGETING_MATCH
        if self.percentage >= 100:
            return True, Reason.TARGETING_MATCH if self.roles else Reason.STATIC
        return user_id is not None and _share(name, user_id) < self.percentage * _SHARES / 100, Reason.SPLIT


def flag(document: bytes) -> Flag:
    """A flag as it is stored. Raises Unusable."""
    try:
        return Flag.model_validate_json(document)
    except ValidationError as error:
        raise unusable(error) from error


def _share(name: str, user_id: str) -> int:
    digest = hashlib.blake2b(f"{name} {user_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _SHARES
