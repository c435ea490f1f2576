"""What an endpoint promises to whoever calls it, as far as it does not follow from the endpoint itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Model = type[BaseModel]

NOT_MODIFIED: Final = "What the client has still holds: it sent the `ETag` of it in `If-None-Match`."


@dataclass(frozen=True, slots=True)
class Tag:
    """A chapter of the document: the endpoints of one resource."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Events:
    """An answer that is a stream of server-sent events called `name`, each with a `model` as its data."""

    name: str
    model: Model


@dataclass(frozen=True, slots=True)
class Messages:
    """An answer that is a WebSocket, each of whose messages is a `model`."""

    model: Model


Given = Model | Events | Messages | str


@dataclass(frozen=True, slots=True)
class Contract:
    """What goes in and what comes out. Texts are Markdown.

    `id` is unique and never changes: clients that are generated from the document name their calls by it.
    `gives` has an answer for each status of success: a model, whose docstring says what it is, a stream of events or
    of messages, or the text that describes an answer without a body. `refuses` has what its services refuse, as status,
    slug and what it means. Not written here is what follows from the endpoint: roles, headers, and what any such
    endpoint may refuse.
    """

    tag: Tag
    id: str
    summary: str
    notes: str = ""
    gives: Mapping[int, Given] = field(kw_only=True)
    refuses: Mapping[int, Mapping[str, str]] = field(kw_only=True, default_factory=dict)
    takes: Model | None = field(kw_only=True, default=None)
    path: Model | None = field(kw_only=True, default=None)
    query: Model | None = field(kw_only=True, default=None)
    headers: Model | None = field(kw_only=True, default=None)

    def giving(self, model: Model) -> Self:
        """The same, but for what it answers with."""
        return replace(self, gives={**self.gives, 200: model})

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that it answers with."""
        streams = (Events, Messages)
        given = (answer.model if isinstance(answer, streams) else answer for answer in self.gives.values())
        return tuple(model for model in given if not isinstance(model, str))


@dataclass(frozen=True, slots=True)
class Like:
    """Annotates what a service says and the gateway hands on as it came: documented as `model`, not read as one."""

    model: Model

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        documented: Any = self.model.__pydantic_core_schema__
        return handler(documented)
