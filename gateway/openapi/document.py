"""The document: a pure function of a version's table of endpoints."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from pydantic.json_schema import JsonSchemaMode

from gateway.contract import Model
from gateway.openapi.answers import component, refusal
from gateway.openapi.operation import Operation
from gateway.openapi.problems import REFUSALS, Problem
from gateway.openapi.schemas import Json, components
from gateway.version import Version

_ABOUT: Final = """
Money is `{"amount": 1999, "currency": "USD"}`: minor units, an integer. Times are RFC 3339 in UTC. Fields are added
within a version, never renamed or taken away: ignore what you do not know.

**Signing in.** `login` gives an access token for the header `Authorization: Bearer …`, and a refresh token for the next
pair. A token that is not valid is refused wherever it is sent, also where none is needed.

**Refusals** are problem documents ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). Look at `type`: its slug never
changes. What cannot be read is 400, what is wrong in it is 422 with the fields named, also a parameter or a field
that is not known. Another method than a path has is 405, with those that it has in `Allow`; HEAD is
answered wherever GET is.

**Repeating.** GET, PUT and DELETE can be repeated. So can whatever carries an `Idempotency-Key`: for 24 h it
has one effect and one answer, in whichever version it is repeated. 429, 502, 503 and 504 say in `Retry-After` how many
seconds to wait.

**Limits.** `RateLimit-*` say how much is left of the limit that leaves the least; beyond it is 429.

**Following up.** Every answer has an `x-correlation-id`: yours, if you sent one of at most 128 letters, digits, `.`,
`_` or `-`, and a new one otherwise. It is in every log line and message that the request led to. Support and admin
who send `x-portico-explain: 1` get it back as a JSON object that says why the answer is as it is.

**Versions** stand side by side. What a newer one answers in another form is deprecated in the older, and its answers
say so: `Deprecation` since when, `Sunset` until when it is here at least, `Link` what takes its place.
"""

_HEADERS: Final[Json] = {
    "x-correlation-id": {
        "description": "What the request was called, in logs too.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        "example": "my-shop-42",
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "required": True,
        "schema": {"type": "string", "pattern": "^Bearer"},
        "example": "Bearer",
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
        "example": 1,
    },
    "RateLimit-Limit": {
        "description": "What the limit admits that leaves the fewest more requests.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 600,
    },
    "RateLimit-Remaining": {
        "description": "How many more it admits at once.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 599,
    },
    "RateLimit-Reset": {
        "description": "Seconds until it is unused again.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 1,
    },
    "RateLimit-Policy": {
        "description": "The limit, and in how many seconds.",
        "schema": {"type": "string"},
        "example": "600;w=60",
    },
    "ETag": {
        "description": "Names what is answered, for `If-None-Match`.",
        "schema": {"type": "string"},
        "example": '"5f0a1c3e9d7b2468ace01357"',
    },
    "Cache-Status": {
        "description": "Where the answer came from (RFC 9211).",
        "schema": {"type": "string"},
        "example": "portico; hit; ttl=0",
    },
    "Deprecation": {
        "description": "Since when it is deprecated, in seconds since 1970 (RFC 9745).",
        "required": True,
        "schema": {"type": "string", "pattern": "^@[0-9]+$"},
        "example": "@1688169599",
    },
    "Sunset": {
        "description": "Until when it is here at least (RFC 8594).",
        "required": True,
        "schema": {"type": "string", "pattern": " GMT$"},
        "example": "Sun, 30 Jun 2024 23:59:59 GMT",
    },
    "Link": {
        "description": "What takes its place, as `successor-version` (RFC 5829), and where that is told of.",
        "required": True,
        "schema": {"type": "string"},
        "example": '</api/v2/orders>; rel="successor-version"',
    },
}


def document(version: Version, operations: Sequence[Operation]) -> Json:
    """What an OpenAPI 3.1 reader is given. Raises LookupError where an example is missing.

    `{version}` in the text of an example stands for the version's name.
    """
    schemas = components([*_models(operations), (Problem, "validation")])
    described: Json = _named(version.name, _described(version, operations, schemas))
    return described


def _described(version: Version, operations: Sequence[Operation], schemas: dict[str, Json]) -> Json:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Portico",
            "version": str(version.number),
            "summary": "An e-commerce platform: catalogue, orders, payments, and what operators need.",
            "description": f"{_ABOUT}\n{version.about}".strip(),
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": _tags(operations),
        "paths": _paths(operations, schemas),
        "components": {
            "schemas": schemas,
            "responses": {
                component(status): refusal(status, {})
                for status, refused in REFUSALS.items()
                if refused.slugs
            },
            "headers": _HEADERS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of `login` or `refresh`.",
                }
            },
        },
    }


def _named(name: str, node: Any) -> Any:
    match node:
        case str():
            return node.replace("{version}", name)
        case dict():
            return {key: _named(name, value) for key, value in node.items()}
        case list() | tuple():
            return [_named(name, value) for value in node]
        case _:
            return node


def _models(operations: Iterable[Operation]) -> Iterator[tuple[Model, JsonSchemaMode]]:
    for operation in operations:
        if operation.contract.takes:
            yield operation.contract.takes, "validation"
        for model in operation.contract.models:
            yield model, "serialization"


def _tags(operations: Iterable[Operation]) -> list[Json]:
    tags = dict.fromkeys(operation.contract.tag for operation in operations)
    return [{"name": tag.name, "description": tag.description} for tag in tags]


def _paths(operations: Iterable[Operation], schemas: dict[str, Json]) -> Json:
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = operation.describe(schemas)
    return paths
