"""What each root field stands for: the REST endpoint that does the same, for the same callers and under its limits."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.utils.str_converters import to_camel_case

from gateway.endpoint import Endpoint
from gateway.graphql.context import Info
from gateway.versions import VERSIONS

_STANDS_FOR: Final = "stands_for"


class _Admitted(FieldExtension):
    """Lets in whom the endpoint lets in, while its flag is on."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._switch = endpoint.switch

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **arguments: Any
    ) -> Any:
        self._endpoint.admit(info.context.request, self._switch)
        return await next_(source, info, **arguments)


def stands_for(operation: str, resolver: Callable[..., Awaitable[Any]]) -> Any:
    """A root field that does what the REST endpoint of this operation does, by `resolver`."""
    endpoint = VERSIONS[-1].operation(operation)
    return strawberry.field(
        resolver=resolver,
        description=endpoint.contract.summary + ".",
        extensions=[_Admitted(endpoint)],
        metadata={_STANDS_FOR: endpoint},
    )


def routes(root: type) -> Iterator[tuple[str, str]]:
    """The root fields of a type, and the routes that they stand for, such as `GET /orders/{id}`."""
    for field in root.__strawberry_definition__.fields:  # type: ignore[attr-defined]
        endpoint: Endpoint = field.metadata[_STANDS_FOR]
        yield to_camel_case(field.python_name), f"{endpoint.method} {endpoint.path}"
