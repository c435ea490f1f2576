"""What the auth service's HTTP edge takes and gives."""

from datetime import datetime
from typing import Annotated, Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from services.auth.domain import Account, Role, normalise_email
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
