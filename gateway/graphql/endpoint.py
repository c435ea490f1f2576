"""`POST /graphql`: one endpoint like any other, whose answer its client composes."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

import orjson
from aiohttp import web
from graphql import GraphQLError
from opentelemetry import trace

from discovery.config.resilience import Resilience
from gateway.cache.http import PRIVATE
from gateway.compositions.page import composing
from gateway.edge.limits import charge_as
from gateway.endpoint import Endpoint, Who, no_parameters
from gateway.graphql.context import Context
from gateway.graphql.contract import CONTRACT, GraphQLIn
from gateway.graphql.document import Documents, Operation
from gateway.graphql.errors import Unacceptable, told
from gateway.graphql.loaders import Loaders
from gateway.graphql.schema import CORE, ROUTES, execute
from gateway.metrics import GRAPHQL_COST, GRAPHQL_OPERATIONS
from gateway.settings import Settings
from gateway.upstreams.client import Calls
from services.chassis.config import CONFIGURATION
from services.chassis.http import read
from services.chassis.identity import known_caller

_ITS_OWN: Final = "application/graphql-response+json"


class Reader:
    """Reads operations from requests. Support and admin may introspect, everybody where that is switched on."""

    def __init__(self, *, introspection: bool) -> None:
        self._documents = Documents(CORE)
        self._introspection = introspection

    def operation(self, request: web.Request, sent: GraphQLIn) -> Operation:
        """What was sent as an operation. Raises Unacceptable."""
        known = known_caller(request)
        staff = known is not None and known.is_staff
        return self._documents.operation(
            sent.query,
            sent.operation_name,
            sent.variables or {},
            may_introspect=self._introspection or staff,
        )


_READER: Final = web.AppKey("GRAPHQL_READER", Reader)


def graphql(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """What has been read before, for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        app[_READER] = Reader(introspection=settings.graphql_introspection)
        yield

    return resource


async def answer(request: web.Request, calls: Calls) -> web.Response:
    """Execute one operation. What is wrong with the document is told as GraphQL does, with a status of 400."""
    no_parameters(request)
    sent = await read(request, GraphQLIn)
    try:
        operation = request.app[_READER].operation(request, sent)
    except Unacceptable as refused:
        GRAPHQL_OPERATIONS.labels("unread", "refused").inc()
        return _reply(request, {"errors": _told(refused.errors)}, 400)
    _attribute(operation)
    routes = ROUTES[operation.type]
    await charge_as(request, [routes[field] for field in operation.roots if field in routes])
    return _reply(request, await _executed(request, calls, operation))


async def _executed(request: web.Request, calls: Calls, operation: Operation) -> dict[str, Any]:
    if operation.type == "query":
        calls = calls.within(request.app[CONFIGURATION][Resilience].read_seconds)
    async with composing(calls) as page:
        context = Context(request, operation, calls, page, Loaders(page))
        result = await execute(context)
    if result.data is None:
        raise RuntimeError("an operation that was found good could not be executed")
    errors = {"errors": _told(result.errors)} if result.errors else {}
    GRAPHQL_OPERATIONS.labels(operation.type, "partial" if errors or page.degraded else "whole").inc()
    GRAPHQL_COST.observe(operation.cost)
    return {
        "data": result.data,
        **errors,
        "extensions": {"degraded": page.degraded, "cost": operation.cost},
    }


def _told(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    return [told(error) for error in errors]


def _reply(request: web.Request, body: dict[str, Any], status: int = 200) -> web.Response:
    media_type = _ITS_OWN if _ITS_OWN in request.headers.get("Accept", "") else "application/json"
    headers = {"Cache-Control": PRIVATE, "Vary": "Accept"}
    return web.Response(body=orjson.dumps(body), status=status, content_type=media_type, headers=headers)


def _attribute(operation: Operation) -> None:
    """Name the request's span by what is done: spans that are all called alike tell nothing."""
    span = trace.get_current_span()
    if span.is_recording():
        span.update_name(f"graphql {operation.type}")
        span.set_attribute("graphql.operation.type", operation.type)
        span.set_attribute("graphql.operation.name", (operation.name or "")[:100])
        span.set_attribute("portico.graphql.cost", operation.cost)


ENDPOINT: Final = Endpoint("POST", "/graphql", Who.ANYONE, answer, CONTRACT)
