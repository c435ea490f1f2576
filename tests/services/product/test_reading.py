from typing import Any

import pytest

from tests.services.product.conftest import Catalogue
from tests.tokens import Issuer


@pytest.fixture
async def shop(catalogue: Catalogue) -> Catalogue:
    """Six products; the last one is the newest."""
    await catalogue.add("Amber lamp", 5000, category="home/light", brand="Lumo", tags=["gift"])
    await catalogue.add("Blue mug", 1000, category="kitchen/coffee", brand="Nordlys", tags=["gift"])
    await catalogue.add("Coffee grinder", 4000, category="kitchen/coffee", brand="Nordlys", tags=["steel"])
    await catalogue.add(
        "Desk lamp", 4000, category="home/light", brand="Nordlys", description="For coffee tables"
    )
    await catalogue.add("Espresso cup", 1000, category="kitchen", tags=["coffee", "gift"])
    await catalogue.add("fork", 300)
    return catalogue


ALL = ["amber-lamp", "blue-mug", "coffee-grinder", "desk-lamp", "espresso-cup", "fork"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ALL[::-1]),
        ("newest", ALL[::-1]),
        ("name", ALL),
        ("price", ["fork", "blue-mug", "espresso-cup", "coffee-grinder", "desk-lamp", "amber-lamp"]),
        ("-price", ["amber-lamp", "desk-lamp", "coffee-grinder", "espresso-cup", "blue-mug", "fork"]),
    ],
)
async def test_every_order_is_the_same_in_pages_of_any_length(
    shop: Catalogue, sort: str, order: list[str]
) -> None:
    for limit in (1, 2, 5, 6, 100):
        assert await shop.all_slugs(sort=sort, limit=limit) == order


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "kitchen"}, {"blue-mug", "coffee-grinder", "espresso-cup"}),
        ({"category": "kitchen/coffee"}, {"blue-mug", "coffee-grinder"}),
        ({"brand": "nordlys"}, {"blue-mug", "coffee-grinder", "desk-lamp"}),
        ({"tag": "GIFT"}, {"amber-lamp", "blue-mug", "espresso-cup"}),
        ({"min_price": "1000", "max_price": "4000"}, set(ALL) - {"amber-lamp", "fork"}),
        ({"category": "home", "brand": "Lumo", "tag": "gift"}, {"amber-lamp"}),
        ({"category": "kitchen", "tag": "gift", "max_price": "1000"}, {"blue-mug", "espresso-cup"}),
        ({"brand": "Nordlys", "min_price": "4000", "q": "coffee"}, {"coffee-grinder", "desk-lamp"}),
        ({"category": "garden"}, set()),
    ],
)
async def test_filters_combine_with_every_order(
    shop: Catalogue, query: dict[str, Any], found: set[str]
) -> None:
    for sort in ("", "newest", "price", "-price", "name"):
        paged = await shop.all_slugs(**query, sort=sort, limit=1)
        assert len(paged) == len(set(paged))
        assert set(paged) == found


async def test_a_search_ranks_names_over_tags_over_descriptions(shop: Catalogue) -> None:
    assert await shop.slugs(q="coffee") == ["coffee-grinder", "espresso-cup", "desk-lamp"]
    assert await shop.all_slugs(q="coffee", limit=1) == ["coffee-grinder", "espresso-cup", "desk-lamp"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["coffee-grinder", "desk-lamp", "espresso-cup"]),
        ("-price", ["desk-lamp", "coffee-grinder", "espresso-cup"]),
    ],
)
async def test_a_search_can_be_sorted_otherwise(shop: Catalogue, sort: str, order: list[str]) -> None:
    assert await shop.all_slugs(q="coffee", sort=sort, limit=2) == order


@pytest.mark.parametrize("q", ["-coffee", '"', "$where", "{}", "\x00", "zzz", "." * 200])
async def test_no_search_words_do_harm(shop: Catalogue, q: str) -> None:
    assert (await shop.get("/products", q=q)).status == 200


async def test_a_list_entry_says_what_a_list_needs(catalogue: Catalogue) -> None:
    made = await catalogue.add(variants=[{"sku": "a"}, {"sku": "b"}], images=[{"url": "/a.jpg"}])
    [item] = (await catalogue.get("/products")).body["items"]
    kept = ("id", "slug", "name", "price", "compare_at_price", "brand", "category", "image")
    assert item == {name: made[name] for name in kept} | {"skus": ["a", "b"]}


async def test_facets_count_the_whole_list_and_what_lies_in_a_category(shop: Catalogue) -> None:
    facets = (await shop.get("/products", limit=1)).body["facets"]
    assert facets["brands"] == [{"value": "Nordlys", "count": 3}, {"value": "Lumo", "count": 1}]
    assert {facet["value"]: facet["count"] for facet in facets["categories"]} == {
        "kitchen": 3,
        "kitchen/coffee": 2,
        "home": 2,
        "home/light": 2,
    }
    assert facets["complete"] is True


async def test_facets_are_those_of_the_query(shop: Catalogue) -> None:
    queries: list[dict[str, Any]] = [{"brand": "Nordlys", "max_price": "1000"}, {"q": "mug"}]
    for query in queries:
        facets = (await shop.get("/products", **query)).body["facets"]
        assert facets["brands"] == [{"value": "Nordlys", "count": 1}]
        assert len(facets["categories"]) == 2


async def test_a_page_is_not_disturbed_by_what_is_added_meanwhile(shop: Catalogue) -> None:
    first = (await shop.get("/products", limit=3)).body
    await shop.add("Newcomer")
    rest = await shop.slugs(limit=100, cursor=first["next_cursor"])
    assert [item["slug"] for item in first["items"]] + rest == ALL[::-1]


async def test_a_cursor_of_another_query_is_refused(shop: Catalogue) -> None:
    cursor = (await shop.get("/products", limit=1)).body["next_cursor"]
    others: list[dict[str, Any]] = [{"sort": "price"}, {"brand": "Lumo"}, {"q": "lamp"}]
    for other in others:
        answer = await shop.get("/products", cursor=cursor, **other)
        assert (answer.status, answer.fields) == (422, ["cursor"])


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"cursor": "nonsense"},
        {"sort": "rating"},
        {"min_price": "a"},
        {"status": "draft"},
    ],
)
async def test_a_parameter_that_is_not_supported_is_refused(
    catalogue: Catalogue, query: dict[str, Any]
) -> None:
    answer = await catalogue.get("/products", **query)
    assert (answer.status, answer.fields) == (422, [next(iter(query))])


@pytest.mark.parametrize("query", [{"min_price": 2, "max_price": 1}, {"sort": "relevance"}])
async def test_parameters_that_do_not_go_together_are_refused(
    catalogue: Catalogue, query: dict[str, Any]
) -> None:
    answer = await catalogue.get("/products", **query)
    assert (answer.status, answer.fields) == (422, ["query"])


@pytest.mark.parametrize("status", ["draft", "archived"])
async def test_what_is_not_active_is_for_administrators_only(
    catalogue: Catalogue, issuer: Issuer, status: str
) -> None:
    made = await catalogue.add(status=status, category="kitchen")
    path = f"/products/{made['id']}"
    assert (await catalogue.get(path, catalogue.admin)).status == 200
    for headers in (None, issuer.bearer("ann"), issuer.bearer("sue", "support")):
        assert (await catalogue.get(path, headers)).status == 404
        assert (await catalogue.get(f"{path}/related", headers)).status == 404
    assert await catalogue.slugs() == await catalogue.slugs(q="press") == []
    assert (await catalogue.patch(made["id"], status="active")).status == 200
    assert await catalogue.slugs() == await catalogue.slugs(q="press") == ["french-press"]


@pytest.mark.parametrize("reference", ["nothing", "0" * 32, "%00", "a" * 500])
async def test_what_is_unknown_is_not_found(catalogue: Catalogue, reference: str) -> None:
    assert (await catalogue.get(f"/products/{reference}")).status == 404


async def test_a_batch_is_by_id_or_by_sku_and_names_what_was_ordered_long_ago(catalogue: Catalogue) -> None:
    one = await catalogue.add("One", variants=[{"sku": "one-s"}, {"sku": "one-l"}])
    two = await catalogue.add("Two")
    await catalogue.archive(two["id"])
    by_id = await catalogue.get("/product-batch", ids=f"{one['id']},{two['id']},unknown")
    assert {item["slug"]: item["status"] for item in by_id.body["items"]} == {
        "one": "active",
        "two": "archived",
    }
    by_sku = await catalogue.get("/product-batch", skus="one-s,one-l")
    assert [item["slug"] for item in by_sku.body["items"]] == ["one"]


async def test_related_products_are_the_newest_of_the_category(shop: Catalogue) -> None:
    related = await shop.get("/products/blue-mug/related")
    assert [item["slug"] for item in related.body["items"]] == ["coffee-grinder"]
    assert (await shop.get("/products/fork/related")).body["items"] == []
    for number in range(10):
        await shop.add(f"Cup {number}", category="kitchen/coffee")
    related = await shop.get("/products/blue-mug/related")
    assert [item["slug"] for item in related.body["items"]] == [f"cup-{number}" for number in range(9, 1, -1)]


async def test_what_is_shown_first_is_what_editors_put_forward_and_what_is_new(shop: Catalogue) -> None:
    shown = (await shop.get("/showcase")).body
    assert (shown["featured"], [item["slug"] for item in shown["newest"]]) == ([], ALL[::-1])
    for number in range(13):
        await shop.add(f"Star {number:02}", tags=["Featured"])
    await shop.archive((await shop.add("Gone", tags=["featured"]))["id"])
    await shop.add("Plain")
    await shop.add("Not yet", tags=["featured"], status="draft")
    shown = (await shop.get("/showcase")).body
    stars = [f"star-{number:02}" for number in range(12, -1, -1)]
    assert [item["slug"] for item in shown["featured"]] == stars[:12]
    assert [item["slug"] for item in shown["newest"]] == ["plain", *stars[:11]]
    assert shown["featured"][0] == shown["newest"][1]


async def test_the_database_shows_in_the_metrics(shop: Catalogue) -> None:
    await shop.slugs()
    async with shop.instance.http.get("/metrics") as response:
        body = await response.text()
    for series in (
        'portico_mongodb_command_seconds_count{command="find"}',
        'portico_mongodb_command_seconds_count{command="commitTransaction"}',
        'portico_mongodb_pool_connections{state="open"}',
        'portico_mongodb_pool_connections{state="in_use"}',
    ):
        assert series in body


async def test_categories_are_a_tree(shop: Catalogue) -> None:
    await shop.add("Rug", category="home-office")
    tree = (await shop.get("/categories")).body["items"]
    assert [(root["path"], root["name"]) for root in tree] == [
        ("home", "Home"),
        ("home-office", "Home office"),
        ("kitchen", "Kitchen"),
    ]
    [coffee] = tree[2]["children"]
    assert coffee == {"path": "kitchen/coffee", "slug": "coffee", "name": "Coffee", "children": []}
