"""What is served beside the versions, and the same for all of them."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, RootModel

from gateway.contract import Contract, Model, Tag
from gateway.endpoint import Key, Who
from gateway.graphql.endpoint import ENDPOINT as GRAPHQL
from gateway.openapi.operation import Operation
from gateway.version import Version

PLATFORM: Final = Tag("Platform", "What is the same in every version.")


class KeyOut(BaseModel):
    """An Ed25519 public key."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: Annotated[str, Field(examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"])]
    kid: Annotated[
        str,
        Field(
            description="As in the head of a token.", examples=["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]
        ),
    ]
    alg: Literal["EdDSA"]
    use: Literal["sig"]


class KeysOut(BaseModel):
    """The keys that access tokens are signed with, or will be: a JSON Web Key Set."""

    keys: tuple[KeyOut, ...]


class CheckOut(BaseModel):
    """What a dependency said when it was last asked."""

    ok: Annotated[bool, Field(examples=[True])]
    error: Annotated[str | None, Field(description="What went wrong.", examples=[None])]
    milliseconds: Annotated[float, Field(description="How long it took.", examples=[0.4])]
    matters: Annotated[
        bool, Field(description="Whether the process is unready without it.", examples=[False])
    ]


class HealthOut(BaseModel):
    """How the gateway is that happens to answer."""

    status: Literal["ready", "unready", "draining"]
    time: Annotated[float, Field(description="Seconds since 1970.", examples=[1769860800.25])]
    checks: Annotated[
        dict[str, CheckOut],
        Field(examples=[{"redis": {"ok": True, "error": None, "milliseconds": 0.4, "matters": False}}]),
    ]
    memory_bytes: Annotated[int, Field(examples=[83886080])]
    uptime_seconds: Annotated[float, Field(examples=[3600.5])]


class DocumentOut(RootModel[dict[str, object]]):
    """An OpenAPI 3.1 document."""

    root: Annotated[dict[str, object], Field(examples=[{"openapi": "3.1.0"}])]


_DOCUMENT: Final[Mapping[int, Model | str]] = {
    200: DocumentOut,
    304: "It is the one that `If-None-Match` names.",
}

OPERATIONS: Final = (
    Operation(
        GRAPHQL.method, GRAPHQL.path, GRAPHQL.who, GRAPHQL.key, GRAPHQL.contract, GRAPHQL.switch is not None
    ),
    Operation(
        "GET",
        "/.well-known/jwks.json",
        Who.ANYONE,
        Key.IGNORED,
        Contract(
            PLATFORM,
            "get_keys",
            "The public signing keys",
            "To verify access tokens with. Ask again, at most once a minute, for a `kid` that you do not know.",
            gives={200: KeysOut},
        ),
    ),
    Operation(
        "GET",
        "/health",
        Who.ANYONE,
        Key.IGNORED,
        Contract(PLATFORM, "get_health", "How the gateway is", gives={200: HealthOut}),
    ),
    Operation(
        "GET",
        "/openapi.json",
        Who.ANYONE,
        Key.IGNORED,
        Contract(
            PLATFORM,
            "get_document",
            "The document of version 1",
            "Each version has its own below its prefix.",
            gives=_DOCUMENT,
        ),
    ),
)


def operations(version: Version) -> tuple[Operation, ...]:
    """What a version's document tells of beside its endpoints."""
    own = Contract(
        PLATFORM,
        "get_version_document",
        "This document",
        "It has an `ETag`; [/docs](/docs) shows it.",
        gives=_DOCUMENT,
    )
    return (*OPERATIONS, Operation("GET", f"{version.prefix}/openapi.json", Who.ANYONE, Key.IGNORED, own))
