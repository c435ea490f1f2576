"""What the auth service's HTTP edge takes and gives."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from services.auth.acknowledgement import Answers
from services.auth.domain import Account, Key, Role, normalise_email
from services.auth.lifecycle import State, accepted_until, awaited, state
from services.auth.tokens import TokenPair


def _deliverable_in_form(email: str) -> str:
    try:
        # Names under .test are for trying things out, as this platform's own accounts do.
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError("not an e-mail address") from error
    return email


Address = Annotated[str, Field(max_length=254), AfterValidator(normalise_email)]
NewPassword = Annotated[SecretStr, Field(min_length=10, max_length=128)]
AnyPassword = Annotated[SecretStr, Field(min_length=1, max_length=1024)]


class Input(BaseModel):
    """Unknown fields are refused: nothing that a client sends is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RegisterIn(Input):
    """A new account."""

    email: Annotated[Address, AfterValidator(_deliverable_in_form)]
    password: NewPassword
    full_name: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class LoginIn(Input):
    """Credentials; whatever is not an account's is simply wrong."""

    email: Address
    password: AnyPassword


class RefreshIn(Input):
    """The refresh token that is to be exchanged or given up."""

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class RotateIn(Input):
    """Why, and whether all tokens of the keys before it shall end as soon as the new key signs."""

    reason: Annotated[str, Field(min_length=1, max_length=500)] = "by hand"
    revoke: bool = False


class RegisteredOut(BaseModel):
    """A new account."""

    user_id: str
    email: str

    @classmethod
    def of(cls, account: Account) -> Self:
        """As its owner is told of it."""
        return cls(user_id=account.user_id, email=account.email)


class AccountOut(BaseModel):
    """An account."""

    user_id: str
    email: str
    full_name: str | None
    roles: tuple[Role, ...]
    registered_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        """As its owner sees it."""
        return cls(**account.model_dump(exclude={"password_hash"}))


class TokensOut(BaseModel):
    """A pair of tokens; `expires_in` is the access token's, in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        """As its holder gets it."""
        return cls(
            access_token=pair.access_token, refresh_token=pair.refresh_token, expires_in=pair.expires_in
        )


class KeyOut(BaseModel):
    """A signing key. `accepted_until` is known once there is another one that signs."""

    kid: str
    state: State
    reason: str
    asked_by: str | None
    revokes: bool
    created_at: datetime
    acknowledged_at: datetime | None
    activated_at: datetime | None
    accepted_until: datetime | None
    removed_at: datetime | None

    @classmethod
    def of(cls, key: Key, keys: Sequence[Key]) -> Self:
        """One of the accepted keys, or a removed one."""
        end = key.removed_at or accepted_until(key, keys)
        return cls(state=state(key, keys), accepted_until=end, **key.model_dump())


class WaitingOut(BaseModel):
    """An instance that has not acknowledged a key, and why."""

    instance: str
    reason: str


class AwaitedOut(BaseModel):
    """The key that is on its way: how many instances verify with it, and all those that are waited for."""

    kid: str
    acknowledged: int
    waiting_for: tuple[WaitingOut, ...]

    @classmethod
    def of(cls, kid: str, answers: Answers) -> Self:
        """What was said of it."""
        waiting_for = tuple(WaitingOut(**asdict(waiting)) for waiting in answers.waiting_for)
        return cls(kid=kid, acknowledged=answers.acknowledged, waiting_for=waiting_for)


class KeysOut(BaseModel):
    """The signing keys, the newest first."""

    items: tuple[KeyOut, ...]
    awaited: AwaitedOut | None

    @classmethod
    def of(cls, accepted: Sequence[Key], removed: Sequence[Key], answers: Answers | None) -> Self:
        """Those that are accepted, the last few that were removed, and what was said of the one that is awaited."""
        items = (
            *(KeyOut.of(key, accepted) for key in reversed(accepted)),
            *(KeyOut.of(key, ()) for key in removed),
        )
        key = awaited(accepted)
        return cls(items=items, awaited=AwaitedOut.of(key.kid, answers) if key and answers else None)
