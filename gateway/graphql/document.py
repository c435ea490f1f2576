"""From the text of a document to an operation that may be executed. What was found good once is not looked at again."""

from dataclasses import dataclass
from typing import Any, Final

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.language import FieldNode, Visitor, visit

from gateway.graphql.errors import Unacceptable
from gateway.graphql.limits import (
    INTROSPECTION,
    Costs,
    Fragments,
    fragments_of,
    root_fields,
    tokens,
    within_size,
    within_values,
)
from services.chassis.errors import Forbidden, Invalid, Refusal

_REMEMBERED_TOKENS: Final = 20_000
"""Of documents that were found good: some 20 MB."""

_MOST_ERRORS: Final = 5


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is valid and within the limits; `introspects` says whether it asks for the schema itself."""

    parsed: DocumentNode
    fragments: Fragments
    introspects: bool
    tokens: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with its variables: what is asked at its root, and how many values its answer can have."""

    document: Document
    node: OperationDefinitionNode
    variables: dict[str, Any]
    roots: tuple[str, ...]
    cost: int

    @property
    def type(self) -> str:
        """Query or mutation."""
        return self.node.operation.value

    @property
    def name(self) -> str | None:
        """As its client calls it."""
        return self.node.name.value if self.node.name else None


class Documents:
    """Reads documents against a schema, and remembers them by their text."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: LRUCache[str, Document] = LRUCache(
            _REMEMBERED_TOKENS, getsizeof=lambda document: document.tokens
        )

    def operation(
        self, text: str, name: str | None, variables: dict[str, Any], *, may_introspect: bool
    ) -> Operation:
        """The operation of this name, or the only one. Raises Unacceptable."""
        try:
            within_values(variables)
            document = self._document(text)
            if document.introspects and not may_introspect:
                raise Forbidden(
                    "the schema is not told here: it is in the documentation", slug="introspection-off"
                )
            return self._operation(document, name, variables)
        except Refusal as refusal:
            raise Unacceptable.of(refusal) from refusal
        except GraphQLError as error:
            raise Unacceptable([error]) from error

    def _document(self, text: str) -> Document:
        if (known := self._known.get(text)) is not None:
            return known
        count = tokens(text)
        parsed = parse(text)
        within_size(parsed)
        if errors := validate(self._schema, parsed, max_errors=_MOST_ERRORS, hide_suggestions=True):
            raise Unacceptable(errors[:_MOST_ERRORS])
        searched = _Introspection()
        visit(parsed, searched)
        document = Document(parsed, fragments_of(parsed), searched.found, max(1, count))
        self._known[text] = document
        return document

    def _operation(self, document: Document, name: str | None, variables: dict[str, Any]) -> Operation:
        node = get_operation_ast(document.parsed, name)
        if node is None:
            raise Invalid(
                "there is no operation of that name" if name else "say which operation: there are several",
                slug="no-such-operation",
            )
        roots = root_fields(node, document.fragments)
        values = get_variable_values(
            self._schema,
            node.variable_definitions or (),
            variables,
            max_errors=_MOST_ERRORS,
            hide_suggestions=True,
        )
        if isinstance(values, list):
            raise Unacceptable(values)
        cost = Costs(self._schema, document.fragments, values).of(node)
        return Operation(document, node, variables, roots, cost)


class _Introspection(Visitor):
    """Looks whether the schema itself is asked for, in whichever operation."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.found = self.found or node.name.value in INTROSPECTION
