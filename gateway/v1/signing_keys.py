"""The keys that sign access tokens, as operators see and rotate them."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from gateway.contract import Contract, Tag
from gateway.v1.inputs import Input
from gateway.vocabulary import Time, UserId

SIGNING_KEYS: Final = Tag("Signing keys", "What access tokens are signed with, and its rotation.")

_Kid = Annotated[
    str,
    Field(
        description="The id of a key, as tokens name it.",
        examples=["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"],
    ),
]
_Reason = Annotated[str, Field(min_length=1, max_length=500, examples=["by hand"])]


class RotateIn(Input):
    """Why."""

    reason: _Reason = "by hand"
    revoke: Annotated[
        bool,
        Field(
            description="End all tokens of the keys before it as soon as the new key signs: a key was stolen.",
            examples=[False],
        ),
    ] = False


class SigningKeyOut(BaseModel):
    """A signing key."""

    kid: _Kid
    state: Annotated[Literal["published", "active", "retired", "removed"], Field(examples=["active"])]
    reason: Annotated[str, Field(examples=["by hand"])]
    asked_by: Annotated[UserId | None, Field(description="Null: it was time.")]
    revokes: Annotated[bool, Field(examples=[False])]
    created_at: Time
    acknowledged_at: Annotated[Time | None, Field(description="When everybody verified with it.")]
    activated_at: Annotated[Time | None, Field(description="When it began to sign.")]
    accepted_until: Annotated[
        Time | None, Field(description="Known once there is another one that signs.", examples=[None])
    ]
    removed_at: Annotated[Time | None, Field(examples=[None])]


class WaitingOut(BaseModel):
    """An instance that does not verify with the key yet."""

    instance: Annotated[str, Field(examples=["order-1"])]
    reason: Annotated[str, Field(examples=["does not answer"])]


class AwaitedOut(BaseModel):
    """The key that is on its way."""

    kid: _Kid
    acknowledged: Annotated[int, Field(description="How many instances verify with it.", examples=[8])]
    waiting_for: tuple[WaitingOut, ...]


class SigningKeysOut(BaseModel):
    """The signing keys, the newest first."""

    items: tuple[SigningKeyOut, ...]
    awaited: AwaitedOut | None


LIST: Final = Contract(
    SIGNING_KEYS,
    "list_signing_keys",
    "The signing keys",
    "With the one that is on its way, and who has not got it yet.",
    gives={200: SigningKeysOut},
)

ROTATE: Final = Contract(
    SIGNING_KEYS,
    "rotate_signing_keys",
    "Begin to sign with another key",
    "A new key is published, and signs once every process and every Envoy verifies with it. The one before is "
    "accepted until the last token of it has expired.",
    takes=RotateIn,
    gives={202: SigningKeyOut},
    refuses={
        409: {
            "rotation-in-progress": "Another key is on its way.",
            "too-many-keys": "Many keys are still accepted: wait until one of them is removed.",
        }
    },
)
