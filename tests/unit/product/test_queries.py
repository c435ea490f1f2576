import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.chassis.errors import Invalid
from services.chassis.pagination import decode_cursor, encode_cursor
from services.contracts.money import Money
from services.product import queries
from services.product.documents import ListedProduct
from services.product.domain import Content, create
from services.product.schemas import BatchQuery, ListQuery, ProductIn, ProductPatch

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
LAST = ListedProduct(
    product=create("a" * 32, Content(name="Mug", price=Money(amount=999, currency="USD")), NOW)[0],
    name_key="mug",
)


@pytest.mark.parametrize(
    ("sort", "field", "beyond", "value"),
    [
        (None, "product.published_at", "$lt", NOW),
        ("newest", "product.published_at", "$lt", NOW),
        ("price", queries.PRICE, "$gt", 999),
        ("-price", queries.PRICE, "$lt", 999),
        ("name", "name_key", "$gt", "mug"),
    ],
)
def test_the_next_page_begins_right_behind_the_last_entry(
    sort: Any, field: str, beyond: str, value: object
) -> None:
    query = ListQuery(sort=sort, category="kitchen")
    behind = query.model_copy(update={"cursor": queries.next_page(query, LAST)})
    assert queries.page(behind) == queries.matching(query) | {
        "$or": [{field: {beyond: value}}, {field: value, "_id": {beyond: "a" * 32}}]
    }


def test_a_cursor_serves_its_own_list_in_pages_of_any_length_and_no_other() -> None:
    query = ListQuery(sort="price", brand="Nordlys")
    cursor = queries.next_page(query, LAST)
    queries.page(query.model_copy(update={"cursor": cursor, "limit": 7}))
    for other in (ListQuery(sort="-price", brand="Nordlys"), ListQuery(sort="price"), ListQuery(q="mug")):
        with pytest.raises(Invalid):
            other = other.model_copy(update={"cursor": cursor})
            queries.search(other) if other.q else queries.page(other)


class Forged(BaseModel):
    query: str
    id: str = "a"
    value: Any


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("newest", "9999-12-31T23:59:59-23:59"),
        ("newest", "0001-01-01T00:00:00+23:59"),
        ("newest", "2026-01-15T09:30:00"),
        ("price", 2**70),
        ("price", {"$gt": 0}),
        ("name", ["a"]),
    ],
)
def test_a_forged_cursor_is_refused(sort: Any, value: object) -> None:
    genuine = queries.next_page(ListQuery(sort=sort), LAST)
    fingerprint = decode_cursor(genuine, queries.Position).query
    with pytest.raises(Invalid):
        queries.page(ListQuery(sort=sort, cursor=encode_cursor(Forged(query=fingerprint, value=value))))


@pytest.mark.parametrize("cursor", ["x", "%%%", "e30", "é", "A" * 2000])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        queries.page(ListQuery(cursor=cursor))


def test_blank_parameters_are_absent() -> None:
    assert ListQuery.model_validate(dict.fromkeys(("q", "category", "min_price", "sort"), "")) == ListQuery()


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "x"},
        {"min_price": -1},
        {"max_price": 2**63},
        {"min_price": 2, "max_price": 1},
        {"sort": "rating"},
        {"sort": "relevance"},
        {"category": "../etc"},
        {"q": "x" * 201},
        {"status": "draft"},
    ],
)
def test_a_query_that_is_not_supported_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ListQuery.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong", [{}, {"ids": "a", "skus": "b"}, {"ids": ",".join(["a"] * 101)}, {"skus": "a,,b"}]
)
def test_a_batch_is_by_one_kind_of_key_and_bounded(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        BatchQuery.model_validate(wrong)


MUG = {"name": "Mug", "price": {"amount": 999, "currency": "USD"}}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": "  "}),
        ("version", {"version": 7}),
        ("published_at", {"published_at": "2026-01-15T09:30:00Z"}),
        ("price.amount", {"price": {"amount": -1, "currency": "USD"}}),
        ("price.amount", {"price": {"amount": 9.99, "currency": "USD"}}),
        ("price.tax", {"price": {"amount": 1, "currency": "USD", "tax": 1}}),
        ("slug", {"slug": "Not A Slug"}),
        ("category", {"category": "a/b/c/d/e/f"}),
        ("images.0.url", {"images": [{"url": ""}]}),
        ("images.0.size", {"images": [{"url": "/a", "size": 1}]}),
        ("variants.0.stock", {"variants": [{"sku": "a", "stock": 1}]}),
        ("seo.keywords", {"seo": {"keywords": []}}),
        ("tags", {"tags": ["t"] * 17}),
    ],
)
def test_a_wrong_or_unknown_field_of_a_new_product_is_named(field: str, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refusal:
        ProductIn.model_validate_json(json.dumps(MUG | wrong))
    assert [".".join(map(str, error["loc"])) for error in refusal.value.errors()] == [field]


@pytest.mark.parametrize(
    "field", ["name", "price", "slug", "tags", "images", "variants", "seo", "status", "version"]
)
def test_what_may_be_left_out_of_a_patch_may_not_be_null(field: str) -> None:
    with pytest.raises(ValidationError):
        ProductPatch.model_validate({field: None})


def test_a_patch_is_of_the_given_fields_only() -> None:
    patch = ProductPatch.model_validate({"version": 3, "brand": None, "name": "Cup"})
    assert patch.changes() == {"brand": None, "name": "Cup"}
