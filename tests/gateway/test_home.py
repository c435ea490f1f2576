"""The home page: the same for everybody, and one's own orders on top."""

from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.gateway.goods import CARD, LISTED, ORDER, get
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer

HOME = "/api/v1/home"
TREE = [{"path": "kitchen", "slug": "kitchen", "name": "Kitchen", "children": []}]


def products(count: int, name: str) -> list[dict[str, Any]]:
    """Summaries of so many, of two variants each."""
    return [
        {**CARD, "id": f"{name}-{n}", "slug": f"{name}-{n}", "skus": [f"{name}-{n}-s", f"{name}-{n}-l"]}
        for n in range(count)
    ]


def show(behind: Services, featured: int = 1, newest: int = 1) -> None:
    """Put so many into the showcase."""
    shown = {"featured": products(featured, "star"), "newest": products(newest, "new")}
    behind.answer("product", "GET /showcase", shown)


@pytest.fixture
def open_shop(behind: Services) -> Services:
    """A showcase, stock of one product, categories, and an order of whoever asks."""
    show(behind)
    behind.answer("product", "GET /categories", {"items": TREE})
    levels = [{"sku": "star-0-s", "available": 2}, {"sku": "star-0-l", "available": 3}]
    behind.answer("inventory", "GET /stock", {"items": levels})
    behind.answer("order", "GET /orders", {"items": [ORDER], "next_cursor": "more"})
    return behind


async def test_what_everybody_is_shown_first(shop: Instance, open_shop: Services) -> None:
    page = await get(shop, HOME)
    assert [(card["slug"], card["available"]) for card in page["featured"]] == [("star-0", 5)]
    assert [(card["slug"], card["available"]) for card in page["new"]] == [("new-0", 0)]
    assert (page["categories"], page["recent_orders"], page["degraded"]) == (TREE, None, [])
    assert open_shop.asked("order") == []


async def test_who_is_known_sees_the_last_orders_too(
    shop: Instance, open_shop: Services, issuer: Issuer
) -> None:
    page = await get(shop, HOME, issuer.bearer("u1"))
    assert page["recent_orders"] == [{name: ORDER[name] for name in LISTED}]
    public = await get(shop, HOME)
    assert page == {**public, "recent_orders": page["recent_orders"]}
    [asked] = [heard for heard in open_shop.heard if heard.service == "order"]
    assert asked.target == "/orders?limit=5"
    assert asked.headers["Authorization"]


async def test_what_everybody_sees_is_asked_for_as_nobody(
    shop: Instance, open_shop: Services, issuer: Issuer
) -> None:
    await get(shop, HOME, issuer.bearer("ada", "admin"))
    public = [heard for heard in open_shop.heard if heard.service != "order"]
    assert len(public) == 3
    assert not any("Authorization" in heard.headers for heard in public)


@pytest.mark.parametrize("count", [1, 25])
async def test_the_number_of_calls_does_not_depend_on_what_is_shown(
    shop: Instance, open_shop: Services, issuer: Issuer, count: int
) -> None:
    show(open_shop, featured=count, newest=count)
    lines = ORDER["items"] * 50
    open_shop.answer("order", "GET /orders", {"items": [{**ORDER, "items": lines}] * count})
    await get(shop, HOME, issuer.bearer("u1"))
    assert sorted(open_shop.asked("product")) == ["GET /categories", "GET /showcase"]
    assert [call.partition("?")[0] for call in open_shop.asked("inventory")] == ["GET /stock"]
    assert len(open_shop.asked("order")) == 1


async def test_an_empty_shop_has_a_home(shop: Instance, behind: Services) -> None:
    show(behind, featured=0, newest=0)
    behind.answer("product", "GET /categories", {"items": []})
    page = await get(shop, HOME)
    assert (page["featured"], page["new"], page["categories"], page["degraded"]) == ([], [], [], [])
    assert behind.asked("inventory") == []


async def test_what_is_missing_is_named(shop: Instance, open_shop: Services, issuer: Issuer) -> None:
    open_shop.refuse("inventory", "GET /stock", 503, "busy")
    open_shop.refuse("product", "GET /categories", 500, "internal")
    open_shop.refuse("order", "GET /orders", 503, "busy")
    page = await get(shop, HOME, issuer.bearer("u1"))
    assert page["degraded"] == ["categories", "recent_orders", "stock"]
    assert (page["categories"], page["recent_orders"]) == (None, None)
    assert page["featured"][0]["available"] is None
    assert (await get(shop, HOME))["degraded"] == ["categories", "stock"]


async def test_without_a_showcase_there_is_no_home(shop: Instance, open_shop: Services) -> None:
    open_shop.refuse("product", "GET /showcase", 503, "busy")
    before = REGISTRY.get_sample_value("portico_sections_degraded_total", {"section": "stock"})
    async with shop.http.get(HOME) as response:
        assert response.status == 503
    assert REGISTRY.get_sample_value("portico_sections_degraded_total", {"section": "stock"}) == before


async def test_a_bad_token_is_refused_here_too(shop: Instance, open_shop: Services) -> None:
    async with shop.http.get(HOME, headers={"Authorization": "Bearer nonsense"}) as response:
        assert response.status == 401


async def test_what_a_page_does_not_know_is_not_ignored(
    shop: Instance, open_shop: Services, issuer: Issuer
) -> None:
    for path in (HOME, "/api/v1/account"):
        async with shop.http.get(f"{path}?user_id=u2", headers=issuer.bearer("u1")) as response:
            assert response.status == 422
            assert (await response.json())["errors"][0]["field"] == "user_id"
    assert not open_shop.heard
