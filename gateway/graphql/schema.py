"""The schema, and how an operation is executed on it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext, ExecutionResult

from gateway.graphql.access import routes
from gateway.graphql.context import Context
from gateway.graphql.errors import log_unexpected
from gateway.graphql.mutations import Mutation
from gateway.graphql.queries import Query
from gateway.graphql.words import CONFIG

ROUTES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"query": dict(routes(Query)), "mutation": dict(routes(Mutation))}
)
"""The route that each root field stands for, by the type of the operation."""


class _Prepared(SchemaExtension):
    """Takes the operation as it was read and found good, so that nothing is done twice."""

    def on_operation(self) -> Iterator[None]:
        execution: ExecutionContext = self.execution_context
        execution.graphql_document = execution.context.operation.document.parsed
        execution.validation_rules = ()
        yield


class Schema(strawberry.Schema):
    """Logs of what goes wrong only what is unexpected."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """What is expected, its client is told."""
        log_unexpected(errors)


SCHEMA: Final = Schema(Query, Mutation, extensions=[_Prepared], config=CONFIG)
CORE: Final[GraphQLSchema] = SCHEMA._schema
"""The schema as graphql-core has it, which Strawberry does not give out otherwise."""


async def execute(context: Context) -> ExecutionResult:
    """Execute the operation of a request."""
    operation = context.operation
    return await SCHEMA.execute(
        None, variable_values=operation.variables, context_value=context, operation_name=operation.name
    )
