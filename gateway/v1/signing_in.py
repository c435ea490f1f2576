"""Signing up, in and out, as version 1 tells of it."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, SecretStr

from gateway.contract import Contract, Tag
from gateway.v1.inputs import Input
from gateway.vocabulary import Email, FullName, UserId

ACCOUNTS: Final = Tag("Accounts", "Sign up, sign in, and stay signed in.")

_REFRESH_TOKEN: Final = "3f1c9a52d0b84e6fa7c1d2e3f4a5b6c7.Zm9vYmFyYmF6cXV4"


class RegisterIn(Input):
    """A new account."""

    email: Annotated[Email, Field(max_length=254)]
    password: Annotated[SecretStr, Field(min_length=10, max_length=128, examples=["correct horse"])]
    full_name: Annotated[FullName, Field(min_length=1, max_length=200)] | None = None


class LoginIn(Input):
    """Who signs in."""

    email: Annotated[Email, Field(max_length=254)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024, examples=["correct horse"])]


class RefreshIn(Input):
    """The refresh token that was given out last."""

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200, examples=[_REFRESH_TOKEN])]


class AccountOut(BaseModel):
    """The new account."""

    user_id: UserId
    email: Email


class TokensOut(BaseModel):
    """A pair of tokens."""

    access_token: Annotated[
        str, Field(description="A JWT, for the header `Authorization: Bearer …`.", examples=["eyJhbGciOi…"])
    ]
    refresh_token: Annotated[
        str, Field(description="For the next pair. Good once.", examples=[_REFRESH_TOKEN])
    ]
    token_type: Literal["Bearer"]
    expires_in: Annotated[
        int, Field(description="Seconds that the access token is good for.", examples=[900])
    ]


REGISTER: Final = Contract(
    ACCOUNTS,
    "register",
    "Open an account",
    "Whoever registers is a customer. Sign in next.",
    takes=RegisterIn,
    gives={201: AccountOut},
    refuses={
        409: {"email-in-use": "There is an account with this e-mail."},
        503: {"overloaded": "Too many sign in at once."},
    },
)

LOGIN: Final = Contract(
    ACCOUNTS,
    "login",
    "Sign in",
    "After some wrong passwords for an address it has to wait, whoever asks; `Retry-After` says how long.",
    takes=LoginIn,
    gives={200: TokensOut},
    refuses={
        401: {"wrong-credentials": "E-mail or password is wrong; which of them is not told."},
        429: {"locked-out": "Too many wrong passwords for this address."},
        503: {"overloaded": "Too many sign in at once."},
    },
)

REFRESH: Final = Contract(
    ACCOUNTS,
    "refresh",
    "Get the next pair of tokens",
    "A refresh token is good once. Within 10 s it gives the same pair again, so that a retry does no harm; "
    "used later, it may have been stolen, and the whole session ends.",
    takes=RefreshIn,
    gives={200: TokensOut},
    refuses={401: {"unauthenticated": "The refresh token is not good any more."}},
)

LOGOUT: Final = Contract(
    ACCOUNTS,
    "logout",
    "Sign out",
    "The session of the refresh token ends. An access token stays good until it expires, minutes later.",
    takes=RefreshIn,
    gives={204: "The session has ended."},
)
