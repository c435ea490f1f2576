"""The schema: documented as it is, in the words of everything else, and true to what it shows."""

from typing import Any, get_args, get_type_hints

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType
from pydantic import BaseModel
from strawberry.types.base import StrawberryOptional

from gateway.compositions.checkout_preview import Notice
from gateway.graphql.schema import CORE, ROUTES, SCHEMA
from gateway.graphql.types import account, checkout, ordering, products, values
from gateway.graphql.words import OrderStatus, ProductSort
from gateway.upstreams import auth, inventory, payment
from gateway.upstreams import order as orders
from gateway.upstreams import product as source
from gateway.v1.products import ProductsQuery
from scripts.layout import CHECKOUT
from services.contracts import order as contracts
from services.contracts.money import Money

SHOWN: dict[type, type] = {
    values.Money: Money,
    products.Card: source.Summary,
    products.Facet: source.Facet,
    products.Facets: source.Facets,
    products.Products: source.Listing,
    products.Variant: source.Variant,
    products.Image: source.Image,
    products.Seo: source.Seo,
    products.Product: products.FoundProduct,
    products.Category: source.Category,
    ordering.Line: orders.Line,
    ordering.Address: orders.Address,
    ordering.TimelineEntry: orders.Entry,
    ordering.Payment: payment.Payment,
    ordering.Order: orders.Order,
    ordering.Orders: orders.History,
    ordering.Accepted: orders.Accepted,
    checkout.PreviewLine: orders.Line,
    checkout.Notice: Notice,
    account.Account: auth.Account,
    account.OrderCounts: orders.OrderCounts,
    account.Stock: inventory.Level,
}
COMPOSED = {"Query", "Mutation", "Home", "Preview", "Attribute", "StatusCount"}
"""Types that are made where they are shown."""


def plain(shape: Any) -> dict[str, bool]:
    """The fields that a type reads from what it shows, and whether they may be null."""
    fields = shape.__strawberry_definition__.fields
    return {
        field.python_name: isinstance(field.type, StrawberryOptional)
        for field in fields
        if field.base_resolver is None
    }


def nullable(model: type, name: str) -> bool:
    found: Any = (
        model.model_fields[name].annotation if issubclass(model, BaseModel) else get_type_hints(model)[name]
    )
    return type(None) in get_args(found)


@pytest.mark.parametrize(("shape", "model"), SHOWN.items())
def test_what_is_shown_is_there_and_null_where_it_may_be(shape: type, model: type) -> None:
    assert {name: nullable(model, name) for name in plain(shape)} == plain(shape)


def test_every_type_is_held_against_what_it_shows() -> None:
    objects = {
        name
        for name, found in CORE.type_map.items()
        if isinstance(found, GraphQLObjectType) and not name.startswith("__")
    }
    assert objects == COMPOSED | {shape.__name__ for shape in SHOWN}


def test_the_words_are_those_of_the_services() -> None:
    assert [status.value for status in OrderStatus] == list(get_args(contracts.OrderStatus))
    sort = ProductsQuery.model_json_schema()["properties"]["sort"]["anyOf"][0]
    assert [word.value for word in ProductSort] == sort["enum"]


def test_types_and_what_is_at_the_root_say_what_they_are() -> None:
    for name, found in CORE.type_map.items():
        if isinstance(found, GraphQLObjectType | GraphQLEnumType) and not name.startswith("__"):
            assert found.description, name
    for root in (CORE.query_type, CORE.mutation_type):
        assert root
        for name, field in root.fields.items():
            assert field.description, name


def test_whatever_is_at_the_root_can_be_missing() -> None:
    for kind, root in (("query", CORE.query_type), ("mutation", CORE.mutation_type)):
        assert root
        assert ROUTES[kind].keys() == root.fields.keys()
        assert not [name for name, field in root.fields.items() if str(field.type).endswith("!")]


def test_nothing_leads_back_to_where_it_came_from() -> None:
    def walk(found: GraphQLObjectType, inside: tuple[str, ...]) -> None:
        for field in found.fields.values():
            inner = CORE.type_map[str(field.type).strip("[]!")]
            if isinstance(inner, GraphQLObjectType):
                assert inner.name not in inside or inner.name == "Category", (*inside, inner.name)
                if inner.name not in inside:
                    walk(inner, (*inside, inner.name))

    assert CORE.query_type
    walk(CORE.query_type, ())


def test_the_schema_is_documented_as_it_is() -> None:
    documented = (CHECKOUT / "docs" / "schema.graphql").read_text()
    assert documented == f"{SCHEMA.as_str()}\n", "run: python -m gateway.graphql > docs/schema.graphql"
