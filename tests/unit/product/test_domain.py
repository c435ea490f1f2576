from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.contracts.money import Money
from services.product.domain import (
    Content,
    Image,
    Product,
    Variant,
    category_name,
    change,
    create,
    is_product_id,
    lineage,
    listing,
    listings,
    slugify,
)

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ID = "0" * 32


def usd(amount: int) -> Money:
    return Money(amount=amount, currency="USD")


def content(**fields: Any) -> Content:
    return Content(**({"name": "French press", "price": usd(3499)} | fields))


def product(**fields: Any) -> Product:
    return create(ID, content(**fields), NOW)[0]


def test_gaps_are_filled_by_rule() -> None:
    made = product(images=(Image(url="/a.jpg"), Image(url="/b.jpg")))
    assert (made.slug, made.version, made.published_at) == ("french-press", 1, NOW)
    assert made.variants == (Variant(sku="french-press"),)
    assert made.image == Image(url="/a.jpg", primary=True)


def test_one_image_is_the_primary_one() -> None:
    images = (Image(url="/a"), Image(url="/b", primary=True), Image(url="/c", primary=True))
    assert [image.primary for image in product(images=images).images] == [False, True, False]


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("slug", {"name": "コーヒー"}),
        ("slug", {"slug": "batch"}),
        ("slug", {"slug": "0" * 32}),
        ("compare_at_price", {"compare_at_price": usd(3498)}),
        ("compare_at_price", {"compare_at_price": Money(amount=9999, currency="EUR")}),
        ("variants.0.price", {"variants": (Variant(sku="a", price=Money(amount=1, currency="EUR")),)}),
        ("variants.1.sku", {"variants": (Variant(sku="a"), Variant(sku="a"))}),
    ],
)
def test_fields_that_contradict_one_another_are_refused_by_name(field: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        product(**fields)
    assert refusal.value.errors[0].field == field


def test_a_variant_without_a_price_costs_what_the_product_costs() -> None:
    made = product(variants=(Variant(sku="s"), Variant(sku="l", price=usd(4499))))
    assert [made.price_of(variant).amount for variant in made.variants] == [3499, 4499]
    cheaper, event = change(made, {"price": usd(2999).model_dump()}, None, LATER) or (None, None)
    assert cheaper is not None and event is not None
    assert [variant.price.amount for variant in event.variants] == [2999, 4499]


def test_a_change_counts_a_version_and_says_the_whole_state() -> None:
    decision = change(product(brand="Nordlys"), {"name": "Stempelkanne"}, 1, LATER)
    assert decision is not None
    changed, event = decision
    assert (changed.version, changed.updated_at, changed.created_at) == (2, LATER, NOW)
    assert (event.version, event.name, event.brand, event.slug) == (
        2,
        "Stempelkanne",
        "Nordlys",
        "french-press",
    )


def test_a_change_to_what_is_so_already_is_none() -> None:
    assert change(product(), {"name": "French press", "tags": ()}, None, LATER) is None


def test_a_change_of_another_version_than_the_one_seen_is_refused() -> None:
    with pytest.raises(Conflict):
        change(product(), {"name": "Other"}, 2, LATER)


def test_a_new_slug_leaves_the_sku_as_it_was() -> None:
    changed, _ = change(product(), {"slug": "press-pot"}, None, LATER) or (None, None)
    assert changed is not None
    assert changed.variants == (Variant(sku="french-press"),)


def test_a_product_is_published_when_it_first_becomes_active() -> None:
    draft = product(status="draft")
    assert draft.published_at is None
    active, _ = change(draft, {"status": "active"}, None, LATER) or (None, None)
    assert active is not None and active.published_at == LATER
    archived, _ = change(active, {"status": "archived"}, None, LATER + timedelta(hours=1)) or (None, None)
    assert archived is not None and archived.published_at == LATER


def test_tags_are_kept_once_whatever_their_case() -> None:
    assert product(tags=("Gift", "gift", "steel")).tags == ("Gift", "steel")


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("French Press, 1 l", "french-press-1-l"),
        ("Cà phê sữa đá", "ca-phe-sua-da"),
        ("Straße & Søn", "strasse-son"),
        ("--", ""),
        ("x" * 150, "x" * 100),
    ],
)
def test_slugs_are_made_of_names(text: str, slug: str) -> None:
    assert slugify(text) == slug


@given(st.text(max_size=300))
def test_a_slug_is_a_slug_or_nothing(text: str) -> None:
    slug = slugify(text)
    assert len(slug) <= 100
    assert slug == "" or slug == slugify(slug)


def test_an_id_is_told_from_a_slug() -> None:
    assert is_product_id("0192f3a1c5d27b6e8a4f1c2d3e4b5a69")
    assert not is_product_id("french-press")


def test_categories_lie_in_one_another() -> None:
    assert lineage("kitchen/coffee/grinders") == ("kitchen", "kitchen/coffee", "kitchen/coffee/grinders")
    assert category_name("kitchen/coffee-and-tea") == "Coffee and tea"


def test_a_product_is_in_the_list_of_every_mix_of_filters_that_it_matches() -> None:
    lists = listings(product(category="kitchen/coffee", brand="Nordlys", tags=("gift", "steel")))
    assert len(set(lists)) == len(lists) == 3 * 2 * 3
    for category in (None, "kitchen", "kitchen/coffee"):
        for brand in (None, "nordlys"):
            for tag in (None, "GIFT", "steel"):
                assert listing(category, brand, tag) in lists
    assert listing("kit", None, None) not in lists


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_only_active_products_are_in_lists(status: str) -> None:
    assert listings(product(status=status)) == ()
