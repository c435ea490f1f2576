"""The limits of GraphQL: what is counted, and how."""

from typing import Any

import pytest
from graphql import build_schema, parse
from graphql.execution.values import VariableValues, get_variable_values
from graphql.language import OperationDefinitionNode
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema

from gateway.graphql.document import Documents, Operation
from gateway.graphql.errors import CODES, Unacceptable, told
from gateway.graphql.limits import (
    ASSUMED,
    BOUNDS,
    Bounds,
    Costs,
    fragments_of,
    root_fields,
    tokens,
    within_size,
    within_values,
)
from gateway.graphql.schema import CORE, SCHEMA
from services.chassis.errors import Invalid

SHOP = build_schema("""
    type Query { things(limit: Int! = 20): Things, thing: Thing, names: [String!] }
    type Things { items: [Thing!]!, next: String }
    type Thing { name: String, parts: [Part!]! }
    type Part { name: String }
""")
TINY = Bounds(tokens=10, nesting=3, definitions=2, directives=1, aliases=1, fields=4, depth=2, roots=2)


def cost(document: str, bounds: Bounds = BOUNDS, **variables: Any) -> int:
    parsed = parse(document)
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    values = get_variable_values(SHOP, operation.variable_definitions or (), variables)
    assert isinstance(values, VariableValues)
    return Costs(SHOP, fragments_of(parsed), values).of(operation, bounds)


@pytest.mark.parametrize(
    ("document", "values"),
    [
        ("{ thing { name } }", 2),
        ("{ thing { name other: name __typename } }", 4),
        ("{ names }", ASSUMED),
        ("{ thing { parts { name } } }", 1 + 2 * ASSUMED),
        ("{ things(limit: 5) { next } }", 2),
        ("{ things(limit: 5) { items { name } next } }", 1 + 5 * 2 + 1),
        ("{ things { items { name } } }", 1 + 20 * 2),
        ("{ things(limit: 5) { items { parts { name } } } }", 1 + 5 * (1 + ASSUMED * 2)),
        ("{ things(limit: 0) { items { name } } }", 1 + 2),
        ("{ things(limit: -5) { items { name } } }", 1 + 2),
        ("{ thing { ...T ... on Thing { name } } } fragment T on Thing { name }", 3),
        ("query ($n: Int! = 7) { things(limit: $n) { items { name } } }", 1 + 7 * 2),
        ("{ thing { name @skip(if: true) } }", 2),
        ("{ __schema { types { name } } }", 1),
    ],
)
def test_cost_is_how_many_values_there_can_be(document: str, values: int) -> None:
    assert cost(document) == values


def test_a_limit_may_come_in_a_variable() -> None:
    assert cost("query ($n: Int!) { things(limit: $n) { items { name } } }", n=30) == 61


def test_cost_has_a_limit() -> None:
    document = "{ things(limit: 5) { items { name } } }"
    assert cost(document, Bounds(cost=11)) == 11
    with pytest.raises(Invalid) as refused:
        cost(document, Bounds(cost=10))
    assert refused.value.slug == "too-costly"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("{ a b c d e f g h i }", "too-many-tokens"),
        ("{ a { b { c { d", "too-deep"),
        ("{ a(b: [[[", "too-deep"),
    ],
)
def test_a_text_has_limits_before_it_is_parsed(text: str, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        tokens(text, TINY)
    assert refused.value.slug == slug


def test_what_is_closed_is_not_inside() -> None:
    assert tokens("{ a { } a { } }", TINY) == 8


@pytest.mark.parametrize(
    ("document", "slug"),
    [
        ("query A { a } query B { a } query C { a }", "too-many-definitions"),
        ("{ a @skip(if: true) b @skip(if: true) }", "too-many-directives"),
        ("{ a: b c: d }", "too-many-aliases"),
        ("{ a b c d e }", "too-many-fields"),
        ("{ ...F ...F } fragment F on Query { a b c }", "too-many-fields"),
        ("{ a { b { c } } }", "too-deep"),
        ("{ a { ...F } } fragment F on A { b { c } }", "too-deep"),
        ("{ ...F } fragment F on Query { a { ...F } }", "fragment-cycle"),
    ],
)
def test_a_document_has_limits_before_it_is_validated(document: str, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        within_size(parse(document), TINY)
    assert refused.value.slug == slug


def test_what_is_within_the_limits_is_let_through() -> None:
    within_size(parse("{ a: b @skip(if: true) { c } ...F } fragment F on Query { d e }"), TINY)


@pytest.mark.parametrize(
    ("variables", "values"),
    [
        ({}, 0),
        ({"a": 1}, 1),
        ({"a": [1, 2]}, 3),
        ({"a": [{"b": 1, "c": [1]}], "d": None}, 6),
        ({"a": "long"}, 1),
    ],
)
def test_the_values_of_variables_are_counted(variables: dict[str, Any], values: int) -> None:
    within_values(variables, Bounds(values=values))
    if values:
        with pytest.raises(Invalid) as refused:
            within_values(variables, Bounds(values=values - 1))
        assert refused.value.slug == "too-many-values"


def test_what_is_asked_at_the_root_is_counted_as_it_is_answered() -> None:
    parsed = parse("{ a a b: a ...F } fragment F on Query { a c }")
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert root_fields(operation, fragments_of(parsed)) == ("a", "a", "c")
    with pytest.raises(Invalid):
        root_fields(operation, fragments_of(parsed), TINY)


def read(text: str, **more: Any) -> Operation:
    asked = {"name": None, "variables": {}, "may_introspect": True, **more}
    return Documents(CORE).operation(text, **asked)


def code(text: str, **more: Any) -> str:
    with pytest.raises(Unacceptable) as refused:
        read(text, **more)
    return str(told(refused.value.errors[0])["extensions"]["code"])


def test_a_document_is_read_once() -> None:
    documents = Documents(CORE)
    operations = [
        documents.operation(
            "query A { __typename } query B { home { new { slug } } }", name, {}, may_introspect=False
        )
        for name in ("A", "B")
    ]
    assert operations[0].document is operations[1].document
    assert [operation.roots for operation in operations] == [("__typename",), ("home",)]


def test_a_document_that_was_told_to_staff_is_not_told_to_others() -> None:
    documents = Documents(CORE)
    schema = "{ __schema { queryType { name } } }"
    documents.operation(schema, None, {}, may_introspect=True)
    with pytest.raises(Unacceptable):
        documents.operation(schema, None, {}, may_introspect=False)


def test_a_null_where_a_limit_must_be_is_refused() -> None:
    document = "query ($n: Int) { products(limit: $n) { nextCursor } }"
    assert code(document, variables={"n": None}) == "invalid"


VALID = from_schema(SCHEMA.as_str())


@settings(max_examples=100)
@given(VALID)
def test_whatever_fits_the_schema_is_executed_or_has_a_reason(text: str) -> None:
    try:
        operation = read(text)
    except Unacceptable as refused:
        assert {told(error)["extensions"]["code"] for error in refused.errors} <= CODES.keys()
    else:
        assert 0 < operation.cost <= BOUNDS.cost


GRAMMAR = st.sampled_from(
    [*"{}()[]:$@!|&=", "...", '"""', '"', "#", "\n", "query", "fragment", "on", "a", "1", "é"]
)


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=200), st.lists(GRAMMAR, max_size=80).map(" ".join)))
def test_whatever_does_not_has_a_reason(text: str) -> None:
    try:
        read(text)
    except Unacceptable as refused:
        assert {told(error)["extensions"]["code"] for error in refused.errors} <= CODES.keys()
