"""One endpoint as an operation of the document: its parameters, its body, and every answer that there can be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

from gateway.contract import Contract, Model
from gateway.endpoint import IDEMPOTENCY_KEY, Key, Who
from gateway.openapi.answers import component, given, refusal
from gateway.openapi.problems import ALWAYS
from gateway.openapi.schemas import Json, example, parameters, reference
from gateway.version import Published, Succession

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
_VALIDATOR: Final[Json] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of what the client has.",
    "schema": {"type": "string"},
    "example": '"5f0a1c3e9d7b2468ace01357"',
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What the document tells of: an endpoint at its whole path; `switchable`: by a flag, off for some or for all.

    One that has a `succession` is deprecated.
    """

    method: str
    path: str
    who: Who
    key: Key
    contract: Contract
    switchable: bool = False
    succession: Succession | None = None

    @classmethod
    def of(cls, published: Published) -> Self:
        """An endpoint of a version."""
        endpoint = published.endpoint
        return cls(
            endpoint.method,
            published.path,
            endpoint.who,
            endpoint.key,
            endpoint.contract,
            switchable=endpoint.switch is not None,
            succession=published.succession,
        )

    @property
    def refused(self) -> dict[int, Mapping[str, str]]:
        """Every status that it can refuse with, and the slugs that are its own."""
        found = {*ALWAYS, *self.contract.refuses}
        if "{" in self.path or self.switchable:
            found.add(404)
        if self.contract.takes:
            found.add(415)
        if self._can_be_wrong:
            found.add(422)
        return {status: self._slugs(status) for status in sorted(found)}

    @property
    def _can_be_wrong(self) -> bool:
        contract = self.contract
        checked = any("pattern" in parameter["schema"] for parameter in parameters("path", contract.path))
        keyed = self.key is not Key.IGNORED
        return checked or keyed or any((contract.takes, contract.query, contract.headers))

    def _slugs(self, status: int) -> Mapping[str, str]:
        switch = {"switched-off": "It is switched off, for all or for this caller."}
        off = switch if status == 404 and self.switchable else {}
        return {**self.contract.refuses.get(status, {}), **off}

    def describe(self, known: Mapping[str, Json]) -> Json:
        """The operation; `known` are the schemas of the document."""
        contract = self.contract
        body = {"requestBody": _body(contract.takes, known)} if contract.takes else {}
        told = {"validated": 304 in contract.gives, "deprecated": self.succession is not None}
        answers = {status: given(answer, known, **told) for status, answer in contract.gives.items()}
        refusals = {
            status: _also(answers[status], refusal(status, own))
            if status in answers
            else _refusal(status, own)
            for status, own in self.refused.items()
        }
        return {
            "operationId": contract.id,
            "tags": [contract.tag.name],
            "summary": contract.summary,
            "description": "\n\n".join(filter(None, (self._successor, contract.notes, _CALLERS[self.who]))),
            **({"deprecated": True} if self.succession else {}),
            "security": list(self._security()),
            "parameters": list(self._parameters()),
            **body,
            "responses": {str(status): answer for status, answer in (answers | refusals).items()},
        }

    @property
    def _successor(self) -> str:
        if self.succession is None:
            return ""
        retirement = self.succession.retirement
        return (
            f"Deprecated since {retirement.deprecated:%-d %B %Y}, and here until {retirement.sunset:%-d %B %Y} at "
            f"least: use `{self.method} {self.succession.path}`, which answers in another form."
        )

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
        if 304 in self.contract.gives:
            yield _VALIDATOR


def _refusal(status: int, own: Mapping[str, str]) -> Json:
    return refusal(status, own) if own else {"$ref": f"#/components/responses/{component(status)}"}


def _also(answer: Json, refused: Json) -> Json:
    """A status that comes in two forms."""
    return {
        **refused,
        "description": f"{answer['description']}\n\n{refused['description']}",
        "content": {**answer["content"], **refused["content"]},
    }


def _body(model: Model, known: Mapping[str, Json]) -> Json:
    schema = reference(model)
    media = {"schema": schema, "example": example(schema, known)}
    return {"required": True, "content": {"application/json": media}}
