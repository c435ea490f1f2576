"""What the gateway documents of services' bodies, held against the services' own models: they cannot drift apart."""

from typing import Any

import orjson
import pytest
from pydantic import BaseModel

from gateway.live.socket import LiveMessage, LiveQuery
from gateway.live.stream import EventsQuery
from gateway.openapi.schemas import components, example, reference
from gateway.upstreams import order as read_orders
from gateway.upstreams import product as read_products
from gateway.v1 import (
    account,
    catalogue,
    checkout,
    configuration,
    dead_letters,
    home,
    inventory,
    live,
    orders,
    payments,
    placing,
    products,
    sagas,
    signing_in,
    signing_keys,
)
from gateway.v2 import account as account_v2
from gateway.v2 import checkout as checkout_v2
from gateway.v2 import home as home_v2
from gateway.v2 import operators
from gateway.v2 import orders as orders_v2
from gateway.v2 import products as products_v2
from gateway.versions import PUBLISHED
from services.auth import schemas as auth
from services.inventory import schemas as stock
from services.operations import config_schemas
from services.operations import schemas as operations
from services.order import saga_schemas
from services.order import schemas as order
from services.order.domain import Address
from services.payment import schemas as payment
from services.payment.providers.sandbox import WebhookIn
from services.product import schemas as product
from services.product.domain import Seo

Model = type[BaseModel]
Json = dict[str, Any]

TAKEN: dict[Model, Model] = {
    signing_in.RegisterIn: auth.RegisterIn,
    signing_in.LoginIn: auth.LoginIn,
    signing_in.RefreshIn: auth.RefreshIn,
    catalogue.ProductIn: product.ProductIn,
    catalogue.ProductPatch: product.ProductPatch,
    inventory.AdjustmentIn: stock.AdjustmentIn,
    placing.PlaceOrderIn: order.PlaceOrderIn,
    orders.CancelIn: order.CancelIn,
    payments.SandboxNotice: WebhookIn,
    dead_letters.ReplayManyIn: operations.ReplayManyIn,
    dead_letters.DiscardIn: operations.DiscardIn,
    dead_letters.DiscardManyIn: operations.DiscardManyIn,
    sagas.CompensateIn: saga_schemas.CompensateIn,
    checkout.PreviewIn: order.PreviewIn,
    configuration.OverridesIn: config_schemas.OverridesIn,
    configuration.FlagIn: config_schemas.FlagIn,
    signing_keys.RotateIn: auth.RotateIn,
}
ASKED: dict[Model, Model] = {
    products.ProductsQuery: product.ListQuery,
    orders.OrdersQuery: order.HistoryQuery,
    dead_letters.LettersQuery: operations.ListQuery,
    dead_letters.AuditQuery: operations.AuditQuery,
    sagas.SagasQuery: saga_schemas.SagasQuery,
}
PASSED_BACK: dict[Model, Model] = {
    signing_in.AccountOut: auth.RegisteredOut,
    signing_in.TokensOut: auth.TokensOut,
    catalogue.ProductOut: product.ProductOut,
    catalogue.CategoriesOut: product.CategoriesOut,
    inventory.StockOut: stock.StockOut,
    orders.StatusOut: order.StatusOut,
    orders.ListedOrderOut: order.OrderOut,
    payments.PaymentOut: payment.PaymentOut,
    payments.ReceiptOut: payment.ReceiptOut,
    dead_letters.LetterSummaryOut: operations.SummaryOut,
    dead_letters.LetterOut: operations.LetterOut,
    dead_letters.ManyOut: operations.ManyOut,
    dead_letters.AuditEntryOut: operations.EntryOut,
    sagas.SagaOut: saga_schemas.SagaOut,
    sagas.SagaEventOut: saga_schemas.EventOut,
    sagas.SagaPaymentOut: payment.SagaPaymentOut,
    sagas.ReservationOut: stock.ReservationOut,
    configuration.SectionOut: config_schemas.SectionOut,
    configuration.FlagOut: config_schemas.FlagOut,
    configuration.SectionsOut: config_schemas.SectionsOut,
    configuration.FlagsOut: config_schemas.FlagsOut,
    signing_keys.SigningKeyOut: auth.KeyOut,
    signing_keys.SigningKeysOut: auth.KeysOut,
    read_products.Facets: product.FacetsOut,
    read_products.Seo: Seo,
    read_orders.Address: Address,
    read_orders.Change: order.ChangeOut,
    read_orders.Changes: order.ChangesOut,
}
LISTS: dict[Model, Model] = {
    orders.OrderListOut: orders.ListedOrderOut,
    dead_letters.LetterListOut: dead_letters.LetterSummaryOut,
    dead_letters.AuditOut: dead_letters.AuditEntryOut,
    sagas.SagaListOut: sagas.SagaOut,
}
"""Answers of `reply_list`, by what they list."""

LINKED: dict[Model, Model] = {
    operators.LetterListOut: dead_letters.LetterSummaryOut,
    operators.AuditOut: dead_letters.AuditEntryOut,
    operators.SagaListOut: sagas.SagaOut,
}
"""The same in version 2."""

OURS: set[Model] = {
    placing.AcceptedOut,
    orders.OrderOut,
    products.ProductListOut,
    products.ProductPageOut,
    sagas.SagaPageOut,
    home.HomeOut,
    account.AccountPageOut,
    checkout.PreviewOut,
    orders_v2.OrderOut,
    orders_v2.OrderPageOut,
    orders_v2.OrderListOut,
    products_v2.ProductListOut,
    home_v2.HomeOut,
    account_v2.AccountPageOut,
    checkout_v2.PreviewOut,
    EventsQuery,
    read_orders.StatusChange,
    LiveQuery,
    LiveMessage,
    live.TicketOut,
}
"""What the gateway itself reads and answers with."""

ANNOTATIONS = {"description", "examples", "title", "allowEmptyValue"}
RULES = {"minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern", "default"}


def rules(model: Model) -> Json:
    """What a body must be like."""
    return _plain(reference(model), components([(model, "validation")]), ANNOTATIONS)


def shape(model: Model) -> Json:
    """What an answer is like; how long or large its parts may be is nobody's business."""
    return _plain(reference(model), components([(model, "serialization")]), ANNOTATIONS | RULES)


def _plain(schema: Json, known: dict[str, Json], ignored: set[str], inside: tuple[str, ...] = ()) -> Json:
    """A schema in one piece. Where it repeats itself it ends."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {} if name in inside else _plain(known[name], known, ignored, (*inside, name))
    plain: Json = {}
    for keyword, value in schema.items():
        match keyword, value:
            case "properties" | "patternProperties", fields:
                found = {name: _plain(field, known, ignored, inside) for name, field in fields.items()}
                plain[keyword] = {name: field for name, field in found.items() if _is_supported(field)}
            case "items" | "additionalProperties", dict(inner):
                plain[keyword] = _plain(inner, known, ignored, inside)
            case "anyOf", either:
                plain[keyword] = [_plain(inner, known, ignored, inside) for inner in either]
            case "required", names:
                plain[keyword] = sorted(names)
            case ("default", "" | dict() | list()) | ("format", "email"):
                # Defaults that say "none"; and what an e-mail address looks like a validator knows.
                pass
            case _ if keyword not in ignored:
                plain[keyword] = value
    return plain


def _is_supported(field: Json) -> bool:
    """Whether it takes anything but null or false; else it is of a part of the platform that is still to come."""
    either = field.get("anyOf", [field])
    return any(one.get("type") != "null" and one.get("const") is not False for one in either)


@pytest.mark.parametrize(("documented", "real"), [*TAKEN.items(), *ASKED.items()])
def test_what_is_taken_has_the_same_rules(documented: Model, real: Model) -> None:
    assert rules(documented) == rules(real)


@pytest.mark.parametrize(("documented", "real"), PASSED_BACK.items())
def test_what_is_passed_back_has_the_same_shape(documented: Model, real: Model) -> None:
    assert shape(documented) == shape(real)


@pytest.mark.parametrize(
    ("documented", "listed", "further"),
    [
        *((page, entry, "next_cursor") for page, entry in LISTS.items()),
        *((page, entry, "next") for page, entry in LINKED.items()),
    ],
)
def test_lists_are_pages(documented: Model, listed: Model, further: str) -> None:
    assert shape(documented) == {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": shape(listed)},
            further: {"type": ["string", "null"]},
        },
        "required": ["items", further],
    }


@pytest.mark.parametrize(("documented", "real"), TAKEN.items())
def test_an_example_is_taken(documented: Model, real: Model) -> None:
    known = components([(documented, "validation")])
    real.model_validate_json(orjson.dumps(example(reference(documented), known)))


def test_nothing_is_documented_that_was_not_held_against_something() -> None:
    held = {*TAKEN, *ASKED, *PASSED_BACK, *LISTS, *LINKED, *OURS}
    for one in PUBLISHED:
        contract = one.endpoint.contract
        for model in (contract.takes, contract.query, *contract.models):
            assert model is None or model in held, (contract.id, model)
