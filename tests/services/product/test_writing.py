import asyncio
from typing import Any

import pytest

from services.contracts.product import ProductChanged
from services.contracts.topology import INVENTORY_CATALOGUE
from tests.parts import Corner
from tests.services.product.conftest import Catalogue, usd
from tests.tokens import Issuer


async def test_a_product_has_all_that_was_written_and_what_rules_add(catalogue: Catalogue) -> None:
    written: dict[str, Any] = {
        "slug": "press-1l",
        "description": "Four cups of coffee.",
        "compare_at_price": usd(3999),
        "category": "kitchen/coffee",
        "brand": "Nordlys",
        "tags": ["gift", "steel"],
        "images": [{"url": "/media/press.jpg", "alt": "A press", "primary": True}],
        "seo": {"title": "Press", "description": "Brew."},
    }
    variants = [{"sku": "P-1", "attributes": {"size": "1 l"}, "price": usd(3699)}, {"sku": "P-2"}]
    made = await catalogue.add(**written, variants=variants)
    assert {name: made[name] for name in written} == written
    assert [variant["price"] for variant in made["variants"]] == [usd(3699), usd(3499)]
    assert (made["status"], made["version"]) == ("active", 1)
    assert made["published_at"] == made["created_at"] == made["updated_at"]
    for reference in (made["id"], "press-1l"):
        assert (await catalogue.get(f"/products/{reference}")).body == made


async def test_a_product_without_variants_gets_one_whose_sku_is_its_slug(catalogue: Catalogue) -> None:
    made = await catalogue.add("Cà phê")
    assert made["slug"] == "ca-phe"
    assert [variant["sku"] for variant in made["variants"]] == ["ca-phe"]


@pytest.mark.parametrize(
    ("slug", "fields"),
    [
        ("slug-in-use", {"slug": "french-press", "variants": [{"sku": "new"}]}),
        ("sku-in-use", {"slug": "new"}),
    ],
)
async def test_slugs_and_skus_are_unique_in_the_whole_catalogue(
    catalogue: Catalogue, slug: str, fields: dict[str, Any]
) -> None:
    await catalogue.add(variants=[{"sku": "other"}, {"sku": "new"}] if slug == "sku-in-use" else [])
    refused = await catalogue.send("POST", "/products", {"name": "x", "price": usd(1), **fields})
    assert (refused.status, refused.slug) == (409, slug)
    second = await catalogue.add("Second")
    taken = {"slug": "french-press"} if slug == "slug-in-use" else {"variants": [{"sku": "new"}]}
    refused = await catalogue.patch(second["id"], **taken)
    assert (refused.status, refused.slug) == (409, slug)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": ""}),
        ("owner", {"owner": "me"}),
        ("version", {"version": 9}),
        ("price.amount", {"price": usd(-1)}),
        ("price.amount", {"price": usd(2**70)}),
        ("variants.0.price.amount", {"variants": [{"sku": "a", "price": usd(-1)}]}),
        ("compare_at_price", {"compare_at_price": usd(1)}),
        ("slug", {"slug": "batch"}),
    ],
)
async def test_a_wrong_field_is_named(catalogue: Catalogue, field: str, wrong: dict[str, Any]) -> None:
    answer = await catalogue.send("POST", "/products", {"name": "x", "price": usd(2), **wrong})
    assert (answer.status, answer.fields) == (422, [field])


async def test_a_patch_changes_what_it_names(catalogue: Catalogue) -> None:
    made = await catalogue.add(brand="Nordlys", tags=["gift"])
    changed = await catalogue.patch(made["id"], price=usd(2999), brand=None)
    assert changed.status == 200
    expected = made | {"price": usd(2999), "brand": None, "version": 2}
    expected |= {"variants": [{"sku": "french-press", "attributes": {}, "price": usd(2999)}]}
    assert changed.body | {"updated_at": None} == expected | {"updated_at": None}


async def test_a_patch_of_an_old_version_is_refused(catalogue: Catalogue) -> None:
    made = await catalogue.add()
    assert (await catalogue.patch(made["id"], version=1, name="One")).status == 200
    refused = await catalogue.patch(made["id"], version=1, name="Other")
    assert (refused.status, refused.slug) == (409, "version-mismatch")


async def test_concurrent_patches_are_all_made_one_after_the_other(catalogue: Catalogue) -> None:
    made = await catalogue.add()
    answers = await asyncio.gather(*(catalogue.patch(made["id"], name=f"Name {n}") for n in range(10)))
    assert sorted(answer.body["version"] for answer in answers) == list(range(2, 12))


async def test_of_concurrent_patches_of_one_version_one_is_made(catalogue: Catalogue) -> None:
    made = await catalogue.add()
    patches = (catalogue.patch(made["id"], version=1, name=f"Name {n}") for n in range(10))
    assert sorted(answer.status for answer in await asyncio.gather(*patches)) == [200] + [409] * 9


async def test_products_that_name_a_new_category_at_the_same_time_are_all_taken(catalogue: Catalogue) -> None:
    await asyncio.gather(*(catalogue.add(f"Product {n}", category="home/light/desk") for n in range(10)))
    [home] = (await catalogue.get("/categories")).body["items"]
    assert (home["path"], home["name"]) == ("home", "Home")
    [light] = home["children"]
    assert [child["path"] for child in light["children"]] == ["home/light/desk"]


async def test_a_product_that_is_refused_leaves_no_category(catalogue: Catalogue) -> None:
    await catalogue.add()
    body = {"name": "French press", "price": usd(1), "category": "nowhere"}
    assert (await catalogue.send("POST", "/products", body)).status == 409
    assert (await catalogue.get("/categories")).body["items"] == []


async def test_every_change_is_said_with_the_full_state_and_in_order(
    catalogue: Catalogue, here: Corner
) -> None:
    listener = await here.listen(INVENTORY_CATALOGUE)
    made = await catalogue.add(images=[{"url": "/a.jpg"}])
    await catalogue.patch(made["id"], name="Press")
    await catalogue.patch(made["id"], name="Press")
    await catalogue.archive(made["id"])
    await catalogue.archive(made["id"])
    said = [await listener.next(ProductChanged) for _ in range(3)]
    assert [(event.version, event.name, event.status) for event in said] == [
        (1, "French press", "active"),
        (2, "Press", "active"),
        (3, "Press", "archived"),
    ]
    assert (said[0].product_id, said[0].slug, said[0].image) == (made["id"], "french-press", "/a.jpg")
    assert [(variant.sku, variant.price.amount) for variant in said[0].variants] == [("french-press", 3499)]
    last = await catalogue.add("Marker")
    assert (await listener.next(ProductChanged)).product_id == last["id"]


async def test_what_is_refused_is_not_said(catalogue: Catalogue, here: Corner) -> None:
    listener = await here.listen(INVENTORY_CATALOGUE)
    await catalogue.add()
    await catalogue.send("POST", "/products", {"name": "French press", "price": usd(1)})
    await catalogue.add("Marker")
    assert [(await listener.next(ProductChanged)).slug for _ in range(2)] == ["french-press", "marker"]


async def test_a_deleted_product_is_archived(catalogue: Catalogue) -> None:
    made = await catalogue.add()
    assert (await catalogue.archive(made["id"])).status == 204
    assert (await catalogue.get(f"/products/{made['id']}")).status == 404
    assert (await catalogue.get(f"/products/{made['id']}", catalogue.admin)).body["status"] == "archived"
    assert await catalogue.slugs() == []
    assert (await catalogue.archive(made["id"])).status == 204
    assert (await catalogue.archive("0" * 32)).status == 404


async def test_an_idempotency_key_makes_a_creation_safe_to_repeat(catalogue: Catalogue) -> None:
    key = {"Idempotency-Key": "create-1"}
    body = {"name": "Mug", "price": usd(999)}
    first, again = [await catalogue.send("POST", "/products", body, **key) for _ in range(2)]
    assert first.status == again.status == 201
    assert first.body == again.body
    other = await catalogue.send("POST", "/products", body | {"name": "Cup"}, **key)
    assert other.status == 422


@pytest.mark.parametrize("role", ["customer", "support"])
async def test_only_administrators_write(catalogue: Catalogue, issuer: Issuer, role: str) -> None:
    made = await catalogue.add()
    body = {"name": "Mug", "price": usd(999)}
    for method, path in (
        ("POST", "/products"),
        ("PATCH", f"/products/{made['id']}"),
        ("DELETE", f"/products/{made['id']}"),
    ):
        assert (await catalogue.send(method, path, body, **issuer.bearer("ann", role))).status == 403
        async with catalogue.instance.http.request(method, path, json=body) as anonymous:
            assert anonymous.status == 401
    assert (await catalogue.get("/products/french-press")).body == made
