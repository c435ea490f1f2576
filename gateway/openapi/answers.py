"""The answers of an operation: what it gives, and what it refuses."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson

from gateway.contract import Events, Given, Messages, Model
from gateway.openapi.problems import MEDIA_TYPE, REFUSALS, RETRIED, meaning, problem
from gateway.openapi.schemas import Json, example, reference

_LIMITS: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
_VALIDATORS: Final = ("ETag", "Cache-Status")
_SUCCESSION: Final = ("Deprecation", "Sunset", "Link")
_ADVICE: Final[Mapping[int, tuple[str, ...]]] = {
    **dict.fromkeys(RETRIED, ("Retry-After",)),
    401: ("WWW-Authenticate",),
    429: ("Retry-After", *_LIMITS),
}


def component(status: int) -> str:
    """The name under which the document has a refusal that is the same everywhere."""
    return re.sub(r"\W", "", HTTPStatus(status).phrase)


def refusal(status: int, own: Mapping[str, str]) -> Json:
    """A problem document with an example for each slug, `own` ones first."""
    slugs = {**own, **REFUSALS[status].slugs, **own}
    shown = {slug: {"value": problem(status, slug, text)} for slug, text in slugs.items()}
    return {
        "description": meaning(slugs),
        "headers": _headers("x-correlation-id", *_ADVICE.get(status, ())),
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": shown},
        },
    }


def given(answer: Given, known: Mapping[str, Json], *, validated: bool, deprecated: bool) -> Json:
    """An answer of success; `known` are the schemas of the document.

    One that is `validated` need not be sent again; one of what is `deprecated` says so.
    """
    more = (*(_VALIDATORS if validated else ()), *(_SUCCESSION if deprecated else ()))
    headers = {"headers": _headers("x-correlation-id", *_LIMITS, *more)}
    match answer:
        case str():
            return {"description": answer, **headers}
        case Events(name, model):
            return {**headers, **_content(model, "text/event-stream", _event(name, model, known))}
        # OpenAPI has no words for a WebSocket: shown is what one message of it is like.
        case Messages(model) | model:
            media = {"schema": reference(model), "example": example(reference(model), known)}
            return {**headers, **_content(model, "application/json", media)}


def _event(name: str, model: Model, known: Mapping[str, Json]) -> Json:
    """One event of a stream, by its fields."""
    schema = reference(model)
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    fields = {"event": {"const": name}, "id": {"type": "string", "pattern": "^[0-9]+$"}, "data": data}
    shown = {"event": name, "id": "1", "data": orjson.dumps(example(schema, known)).decode()}
    return {"schema": {"type": "object", "properties": fields, "required": list(fields)}, "example": shown}


def _content(model: Model, media_type: str, media: Json) -> Json:
    return {"description": (model.__doc__ or "").strip(), "content": {media_type: media}}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
