"""How much one operation may ask for: the numbers, and the rules that a document is held against. They do no I/O.

What a stranger can make expensive is bounded before it is worked on: the text before it is parsed, the document before
it is validated, and what comes of it before it is executed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import DirectiveNode, Lexer, Source, TokenKind, Visitor, visit

from services.chassis.errors import Invalid

INTROSPECTION: Final = frozenset({"__schema", "__type"})

Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Bounds:
    """`fields` are counted with all fragments written out, `cost` is how many values the answer can have at most.

    `values` are those of the variables, an order of a hundred lines having some three hundred.
    """

    characters: int = 20_000
    tokens: int = 1_500
    nesting: int = 20
    definitions: int = 30
    directives: int = 20
    aliases: int = 20
    values: int = 1_000
    fields: int = 300
    depth: int = 10
    roots: int = 10
    cost: int = 5_000


BOUNDS: Final = Bounds()

ASSUMED: Final = 10
"""How long a list is taken to be that has no `limit` and is not named in `LENGTHS`."""

LENGTHS: Final[Mapping[str, int]] = {
    "Home.featured": 12,
    "Home.new": 12,
    "Home.recentOrders": 5,
    "Account.recentOrders": 5,
    "Category.children": 3,
}

_OPENING: Final = frozenset({TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L})
_CLOSING: Final = frozenset({TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R})


def tokens(text: str, bounds: Bounds = BOUNDS) -> int:
    """How many tokens a text has. Raises Invalid for too many, or too many brackets inside one another.

    Raises GraphQLSyntaxError for what is no token. Whatever reads the text after this does not have to nest deeper.
    """
    lexer = Lexer(Source(text))
    count = open_brackets = 0
    while (kind := lexer.advance().kind) is not TokenKind.EOF:
        count += 1
        open_brackets += (kind in _OPENING) - (kind in _CLOSING)
        _within(count, bounds.tokens, "too-many-tokens", "tokens")
        _within(open_brackets, bounds.nesting, "too-deep", "brackets inside one another")
    return count


def fragments_of(document: DocumentNode) -> Fragments:
    """The document's fragments by name."""
    found = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
    return {fragment.name.value: fragment for fragment in found}


def within_size(document: DocumentNode, bounds: Bounds = BOUNDS) -> None:
    """Hold a document against all that can be counted without a schema. Raises Invalid."""
    _within(len(document.definitions), bounds.definitions, "too-many-definitions", "definitions")
    counted = _Counted()
    visit(document, counted)
    _within(counted.directives, bounds.directives, "too-many-directives", "directives")
    _within(counted.aliases, bounds.aliases, "too-many-aliases", "aliases")
    extents = _Extents(fragments_of(document))
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            extent = extents.of(definition.selection_set)
            _within(extent.fields, bounds.fields, "too-many-fields", "fields")
            if isinstance(definition, OperationDefinitionNode):
                _within(extent.depth, bounds.depth, "too-deep", "fields inside one another")


def within_values(variables: Mapping[str, Any], bounds: Bounds = BOUNDS) -> None:
    """Hold variables against how many values there may be, all that lie in one another counted. Raises Invalid."""
    left: list[Any] = [variables]
    count = 0
    while left:
        value = left.pop()
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        count += len(inner)
        _within(count, bounds.values, "too-many-values", "values in the variables")
        left.extend(inner)


def root_fields(
    operation: OperationDefinitionNode, fragments: Fragments, bounds: Bounds = BOUNDS
) -> tuple[str, ...]:
    """What an operation asks for at its root, once for each name in the answer. Raises Invalid for too much."""
    answered = {
        (field.alias or field.name).value: field.name.value
        for field in _fields(operation.selection_set, fragments)
    }
    _within(len(answered), bounds.roots, "too-many-root-fields", "fields at the root")
    return tuple(answered.values())


@dataclass(frozen=True, slots=True)
class Costs:
    """What selections of a valid operation cost."""

    schema: GraphQLSchema
    fragments: Fragments
    variables: VariableValues

    def of(self, operation: OperationDefinitionNode, bounds: Bounds = BOUNDS) -> int:
        """How many values the answer can have: each field one, each in a list as often as the list is long.

        Raises Invalid for more than may be.
        """
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        cost = self._of_selections(operation.selection_set, root, None)
        _within(cost, bounds.cost, "too-costly", "values in the answer")
        return cost

    def _of_selections(
        self, selections: SelectionSetNode, parent: GraphQLObjectType, limit: int | None
    ) -> int:
        return sum(self._of_field(field, parent, limit) for field in _fields(selections, self.fragments))

    def _of_field(self, node: FieldNode, parent: GraphQLObjectType, limit: int | None) -> int:
        name = node.name.value
        if name.startswith("__"):
            return 1
        definition = parent.fields[name]
        inner: Any = get_named_type(definition.type)
        each = 1
        if node.selection_set:
            below = get_argument_values(definition, node, self.variables).get("limit")
            each += self._of_selections(node.selection_set, inner, below)
        return each * _length(definition.type, f"{parent.name}.{name}", limit)


def _length(type_: GraphQLOutputType, coordinate: str, limit: int | None) -> int:
    """How many there can be of a field: as many as its page is limited to, where it is the list of a page."""
    if not is_list_type(get_nullable_type(type_)):
        return 1
    return max(1, LENGTHS.get(coordinate, ASSUMED) if limit is None else limit)


class _Counted(Visitor):
    """Counts aliases and directives, wherever they are."""

    def __init__(self) -> None:
        super().__init__()
        self.aliases = 0
        self.directives = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.aliases += node.alias is not None

    def enter_directive(self, _node: DirectiveNode, *_: Any) -> None:
        self.directives += 1


@dataclass(frozen=True, slots=True)
class _Extent:
    fields: int = 0
    depth: int = 0

    def beside(self, other: "_Extent") -> "_Extent":
        return _Extent(self.fields + other.fields, max(self.depth, other.depth))


class _Extents:
    """How far selections reach with their fragments written out, each of which is looked at once."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[str, _Extent] = {}
        self._inside: list[str] = []

    def of(self, selections: SelectionSetNode | None) -> _Extent:
        """Raises Invalid for a fragment that contains itself."""
        extent = _Extent()
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    extent = extent.beside(self._of_field(node))
                case InlineFragmentNode():
                    extent = extent.beside(self.of(node.selection_set))
                case FragmentSpreadNode():
                    extent = extent.beside(self._of_fragment(node.name.value))
        return extent

    def _of_field(self, node: FieldNode) -> _Extent:
        inner = self.of(node.selection_set)
        # The query that tools introspect with is deep by nature, and has a limit of its own.
        return _Extent(inner.fields + 1, 1 if node.name.value in INTROSPECTION else inner.depth + 1)

    def _of_fragment(self, name: str) -> _Extent:
        if name in self._inside:
            raise Invalid(f"the fragment {name} contains itself", slug="fragment-cycle")
        if name not in self._known and (fragment := self._fragments.get(name)):
            self._inside.append(name)
            self._known[name] = self.of(fragment.selection_set)
            self._inside.pop()
        return self._known.get(name, _Extent())


def _fields(selections: SelectionSetNode, fragments: Fragments) -> Iterator[FieldNode]:
    """The fields of a selection, those of its fragments among them."""
    for node in selections.selections:
        match node:
            case FieldNode():
                yield node
            case InlineFragmentNode():
                yield from _fields(node.selection_set, fragments)
            case FragmentSpreadNode() if fragment := fragments.get(node.name.value):
                yield from _fields(fragment.selection_set, fragments)


def _within(count: int, most: int, slug: str, what: str) -> None:
    if count > most:
        raise Invalid(f"there are more than {most} {what}", slug=slug)
