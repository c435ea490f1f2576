"""One endpoint as an operation of the document: its parameters, its body, and every answer that there can be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, Self

import orjson

from gateway.contract import Contract, Events, Model
from gateway.endpoint import IDEMPOTENCY_KEY, Endpoint, Key, Who
from gateway.openapi.problems import ALWAYS, MEDIA_TYPE, REFUSALS, RETRIED, meaning, problem
from gateway.openapi.schemas import Json, example, parameters, reference

_ROLES: Final[Mapping[Who, tuple[str, ...]]] = MappingProxyType(
    {Who.USER: (), Who.OWNER: (), Who.STAFF: ("support", "admin"), Who.ADMIN: ("admin",)}
)
_CALLERS: Final[Mapping[Who, str]] = MappingProxyType(
    {
        Who.ANYONE: "For anyone.",
        Who.USER: "For whoever is signed in.",
        Who.OWNER: "For whose it is, support and admin. For any other customer it does not exist: it is 404.",
        Who.STAFF: "For support and admin.",
        Who.ADMIN: "For admin.",
    }
)
_KEY: Final[Json] = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "description": "Any text that is new. The same request with the same key gets the same answer for 24 h, "
    "so that it can be repeated without harm; another request with it is 422.",
    "schema": {"type": "string", "pattern": "^[!-~]([ -~]{0,126}[!-~])?$", "maxLength": 128},
    "example": "my-first-order",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What the document tells of: an endpoint at its whole path; `switchable`: by a flag, off for some or for all."""

    method: str
    path: str
    who: Who
    key: Key
    contract: Contract
    switchable: bool = False

    @classmethod
    def of(cls, prefix: str, endpoint: Endpoint) -> Self:
        """An endpoint below `prefix`."""
        path, switchable = prefix + endpoint.path, endpoint.switch is not None
        return cls(endpoint.method, path, endpoint.who, endpoint.key, endpoint.contract, switchable)

    @property
    def refused(self) -> dict[int, Mapping[str, str]]:
        """Every status that it can refuse with, and the slugs that are its own."""
        found = {*ALWAYS, *self.contract.refuses}
        if "{" in self.path:
            found.add(404)
        if self.contract.takes:
            found |= {415, 422}
        if self.contract.query or self.contract.headers or self.key is not Key.IGNORED:
            found.add(422)
        if any("pattern" in parameter["schema"] for parameter in parameters("path", self.contract.path)):
            found.add(422)
        refused = {status: self.contract.refuses.get(status, {}) for status in found} | self._switched_off
        return dict(sorted(refused.items()))

    @property
    def _switched_off(self) -> dict[int, Mapping[str, str]]:
        if not self.switchable:
            return {}
        own = self.contract.refuses.get(404, {})
        missing = own or (REFUSALS[404].slugs if "{" in self.path else {})
        return {404: {**missing, "switched-off": "It is switched off, for all or for this caller."}}

    def describe(self, known: Mapping[str, Json]) -> Json:
        """The operation; `known` are the schemas of the document."""
        contract = self.contract
        body = {"requestBody": _body(contract.takes, known)} if contract.takes else {}
        given = {str(status): _answer(status, answer, known) for status, answer in contract.gives.items()}
        refused = {str(status): _refusal(status, slugs) for status, slugs in self.refused.items()}
        return {
            "operationId": contract.id,
            "tags": [contract.tag.name],
            "summary": contract.summary,
            "description": "\n\n".join(filter(None, (contract.notes, _CALLERS[self.who]))),
            "security": list(self._security()),
            "parameters": list(self._parameters()),
            **body,
            "responses": given | refused,
        }

    def _security(self) -> Iterator[Json]:
        if self.who is Who.ANYONE:
            yield {}
            yield {"token": []}
        else:
            yield from ({"token": [role]} for role in _ROLES[self.who])
            if not _ROLES[self.who]:
                yield {"token": []}

    def _parameters(self) -> Iterator[Json]:
        yield from parameters("path", self.contract.path)
        yield from parameters("query", self.contract.query)
        yield from parameters("header", self.contract.headers)
        if self.key is not Key.IGNORED:
            yield {**_KEY, "required": self.key is Key.REQUIRED}


def component(status: int) -> str:
    """The name under which the document has a refusal that is the same everywhere."""
    return re.sub(r"\W", "", HTTPStatus(status).phrase)


def refusal(status: int, own: Mapping[str, str]) -> Json:
    """A problem document with an example for each slug, `own` ones first."""
    slugs = {**own, **REFUSALS[status].slugs, **own}
    shown = {slug: {"value": problem(status, slug, text)} for slug, text in slugs.items()}
    return {
        "description": meaning(slugs),
        "headers": _headers(status),
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": shown},
        },
    }


def _refusal(status: int, own: Mapping[str, str]) -> Json:
    if own:
        return refusal(status, own)
    return {"$ref": f"#/components/responses/{component(status)}"}


def _body(model: Model, known: Mapping[str, Json]) -> Json:
    schema = reference(model)
    return {
        "required": True,
        "content": {"application/json": {"schema": schema, "example": example(schema, known)}},
    }


def _answer(status: int, answer: Model | Events | str, known: Mapping[str, Json]) -> Json:
    match answer:
        case str():
            return {"description": answer, "headers": _headers(status)}
        case Events(name, model):
            return _content(status, model, "text/event-stream", _event(name, model, known))
        case model:
            schema = reference(model)
            media = {"schema": schema, "example": example(schema, known)}
            return _content(status, model, "application/json", media)


def _event(name: str, model: Model, known: Mapping[str, Json]) -> Json:
    """One event of a stream, by its fields."""
    schema = reference(model)
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    fields = {"event": {"const": name}, "id": {"type": "string", "pattern": "^[0-9]+$"}, "data": data}
    shown = {"event": name, "id": "1", "data": orjson.dumps(example(schema, known)).decode()}
    return {"schema": {"type": "object", "properties": fields, "required": list(fields)}, "example": shown}


def _content(status: int, model: Model, media_type: str, media: Json) -> Json:
    return {
        "description": (model.__doc__ or "").strip(),
        "headers": _headers(status),
        "content": {media_type: media},
    }


def _headers(status: int) -> Json:
    names = ["x-correlation-id"]
    if status == 401:
        names.append("WWW-Authenticate")
    if status in RETRIED:
        names.append("Retry-After")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
