"""What `POST /graphql` promises, as the OpenAPI document tells of it; the schema itself says the rest."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from gateway.contract import Contract, Tag
from gateway.graphql.errors import CODES
from gateway.graphql.limits import BOUNDS
from gateway.v1.inputs import Input

_EXAMPLE: Final = "query Shelf($n: Int!) { products(limit: $n) { items { slug name available } } }"


class GraphQLIn(Input):
    """An operation, and what it needs to know. `extensions` are taken, and mean nothing here."""

    query: Annotated[
        str,
        Field(min_length=1, max_length=BOUNDS.characters, description="The document.", examples=[_EXAMPLE]),
    ]
    operation_name: Annotated[
        str | None,
        Field(
            alias="operationName",
            max_length=100,
            description="Which of the document's operations, where there are several.",
            examples=["Shelf"],
        ),
    ] = None
    variables: Annotated[dict[str, Any] | None, Field(examples=[{"n": 2}])] = None
    extensions: Annotated[dict[str, Any] | None, Field(examples=[{}])] = None


def _may_lack(*names: str) -> ConfigDict:
    """GraphQL has no nulls for what there is none of: it is left out."""

    def told(schema: dict[str, Any]) -> None:
        schema["required"] = [name for name in schema["required"] if name not in names]

    return ConfigDict(json_schema_extra=told)


class ErrorOut(BaseModel):
    """What went wrong, and where. `extensions` has the `code`, which is the slug of a problem, and the `trace_id`."""

    model_config = _may_lack("locations", "path")

    message: Annotated[str, Field(description="For people.", examples=["there is no such product"])]
    locations: Annotated[list[dict[str, int]], Field(examples=[[{"line": 1, "column": 3}]])] = []
    path: Annotated[list[str | int], Field(examples=[["product"]])] = []
    extensions: Annotated[
        dict[str, Any],
        Field(examples=[{"code": "not-found", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}]),
    ]


class AnswerOut(BaseModel):
    """What was asked for. What could not be had is null, and in `errors`, or named in `extensions.degraded`."""

    model_config = _may_lack("errors")

    data: Annotated[dict[str, Any], Field(examples=[{"products": {"items": []}}])]
    errors: Annotated[list[ErrorOut], Field(examples=[[]])] = []
    extensions: Annotated[
        dict[str, Any],
        Field(
            description="The sections that are missing, and the cost of the operation.",
            examples=[{"degraded": [], "cost": 9}],
        ),
    ]


class RefusedOut(BaseModel):
    """Nothing of it was done."""

    errors: list[ErrorOut]


_NOTES: Final = """
What pages show, and no more of it than is asked for. A request that is refused as such gets a problem document, as
everywhere. What is wrong with its document is 400 with `errors`; what goes wrong while it is executed is null in
`data` and named in `errors`, with 200. Each field at the root counts as the request that it stands for.

The `code` of an error is the slug of the problem that REST would answer with. A document may be refused with:
"""

CONTRACT: Final = Contract(
    Tag("GraphQL", "The same pages, in the shape that a client wants them in."),
    "graphql",
    "Ask for several things at once",
    _NOTES.strip() + "\n\n" + "\n".join(f"- `{code}`: {meaning}" for code, meaning in CODES.items()),
    takes=GraphQLIn,
    gives={200: AnswerOut, 400: RefusedOut},
)
