"""Public answers from the cache: right at once after a change, fetched once, and there when their source is not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from redis.asyncio import Redis

from discovery.config.caching import Caching
from gateway.cache.http import key_of
from gateway.cache.resource import LOCAL
from gateway.redis.store import STORE
from services.contracts.money import Money
from services.contracts.product import ProductChanged, Variant
from tests.gateway.conftest import Configure, Gateway, consuming
from tests.gateway.goods import CARD, MUG, NOW
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer

PAGE = "/api/v1/products/mug"
LIST = "/api/v1/products?limit=2"
HOUR = {"fresh": 3600.0, "stale_while_revalidate": 0.0, "stale_if_error": 3600.0}
STALE = {"fresh": 0.0, "stale_while_revalidate": 3600.0, "stale_if_error": 0.0}
SPARE = {"fresh": 0.0, "stale_while_revalidate": 0.0, "stale_if_error": 3600.0}
Cached = Callable[[dict[str, float]], Awaitable[None]]


def changed(product_id: str = "p1") -> ProductChanged:
    """The product has changed."""
    return ProductChanged(
        product_id=product_id,
        version=4,
        slug="mug",
        name="Mug",
        status="active",
        variants=(Variant(sku="mug-s", price=Money(amount=1, currency="USD")),),
        changed_at=datetime.fromisoformat(NOW),
    )


@pytest.fixture
def cached(configure: Configure) -> Cached:
    """Have every answer kept for so long."""

    async def set_all(freshness: dict[str, float]) -> None:
        answers = dict.fromkeys(("products", "product", "home", "categories"), freshness)
        await configure(Caching, answers=answers)

    return set_all


@pytest.fixture(autouse=True)
def catalogue(behind: Services) -> Services:
    """One product, alone in its list."""
    behind.answer("product", "GET /products/mug", MUG)
    behind.answer("product", "GET /products/p1/related", {"items": []})
    listed: dict[str, Any] = {"items": [{**CARD, "skus": ["mug-s"]}], "next_cursor": None, "facets": {}}
    behind.answer("product", "GET /products", listed)
    behind.answer("inventory", "GET /stock", {"items": [{"sku": "mug-s", "available": 2}]})
    return behind


async def get(shop: Instance, path: str = PAGE, headers: dict[str, str] | None = None) -> ClientResponse:
    async with shop.http.get(path, headers=headers) as answer:
        await answer.read()
        return answer


async def verdict(shop: Instance, path: str = PAGE) -> str:
    return (await get(shop, path)).headers["Cache-Status"]


async def name(shop: Instance, path: str = PAGE) -> str:
    return str((await (await get(shop, path)).json())["name"])


def fetches(behind: Services) -> int:
    return behind.asked("product").count("GET /products/mug")


async def listening(*shops: Instance) -> None:
    """Wait until each hears what has changed, from RabbitMQ and from the others."""
    for shop in shops:
        await consuming(shop)
    await eventually(lambda: all(shop.app[LOCAL].listening for shop in shops))


async def test_an_answer_is_fetched_once_for_all_gateways(
    gateway: Gateway, cached: Cached, behind: Services
) -> None:
    await cached(HOUR)
    one, other = await gateway(), await gateway()
    assert await verdict(one) == "portico; fwd=miss; stored"
    for shop in (one, other, one, other):
        assert (await verdict(shop)).startswith("portico; hit; ttl=")
    assert fetches(behind) == 1


async def test_queries_are_told_apart_but_not_by_their_order(
    shop: Instance, cached: Cached, behind: Services
) -> None:
    await cached(HOUR)
    for query in ("q=mug&limit=2", "limit=2&q=mug", "q=mug&limit=3", "q=mug&limit=3"):
        assert (await get(shop, f"/api/v1/products?{query}")).status == 200
    assert len([call for call in behind.asked("product") if "?" in call]) == 2


async def test_a_change_is_seen_by_every_gateway_at_once(
    gateway: Gateway, cached: Cached, behind: Services, here: Corner
) -> None:
    await cached(HOUR)
    shops = [await gateway(), await gateway()]
    await listening(*shops)
    assert [await name(shop) for shop in shops] == ["Mug", "Mug"]
    behind.answer("product", "GET /products/mug", {**MUG, "name": "Cup"})
    await here.say(changed(), times=2)

    async def seen() -> bool:
        return [await name(shop) for shop in shops] == ["Cup", "Cup"]

    await eventually(seen, seconds=1)


async def test_a_change_of_another_product_leaves_a_page_and_takes_out_every_list(
    shop: Instance, cached: Cached, behind: Services, here: Corner
) -> None:
    await cached(HOUR)
    await listening(shop)
    await verdict(shop), await verdict(shop, LIST)
    await here.say(changed("p2"))

    async def list_is_fetched() -> bool:
        return "fwd=miss" in await verdict(shop, LIST)

    await eventually(list_is_fetched)
    assert "hit" in await verdict(shop)
    assert fetches(behind) == 1


async def test_what_was_fetched_before_a_change_is_not_kept(
    shop: Instance, cached: Cached, behind: Services, here: Corner
) -> None:
    await cached(HOUR)
    await listening(shop)
    asked, told = asyncio.Event(), asyncio.Event()

    async def slowly(_: web.Request) -> web.Response:
        asked.set()
        await told.wait()
        return web.json_response({**MUG, "name": "of old"})

    behind.handle("product", "GET /products/mug", slowly)
    slow = asyncio.create_task(get(shop))
    await asked.wait()
    await get(shop, LIST)
    await here.say(changed())

    async def invalidated() -> bool:
        return "fwd=miss" in await verdict(shop, LIST)

    await eventually(invalidated)
    told.set()
    assert (await slow).headers["Cache-Status"] == "portico; fwd=miss"
    behind.answer("product", "GET /products/mug", MUG)
    assert await name(shop) == "Mug"


async def test_many_who_ask_at_once_wait_for_one_fetch(
    gateway: Gateway, cached: Cached, behind: Services
) -> None:
    await cached(HOUR)
    shops = [await gateway(), await gateway()]
    told = asyncio.Event()

    async def slowly(_: web.Request) -> web.Response:
        await told.wait()
        return web.json_response(MUG)

    behind.handle("product", "GET /products/mug", slowly)
    asking = [asyncio.create_task(get(shop)) for shop in shops * 20]
    await eventually(lambda: fetches(behind))
    told.set()
    assert {answer.status for answer in await asyncio.gather(*asking)} == {200}
    assert fetches(behind) == 1


async def test_who_fetches_and_goes_away_does_not_take_the_answer_along(
    shop: Instance, cached: Cached, behind: Services
) -> None:
    await cached(HOUR)
    told = asyncio.Event()

    async def slowly(_: web.Request) -> web.Response:
        await told.wait()
        return web.json_response(MUG)

    behind.handle("product", "GET /products/mug", slowly)
    first = asyncio.create_task(get(shop))
    await eventually(lambda: fetches(behind))
    first.cancel()
    second = asyncio.create_task(get(shop))
    told.set()
    assert (await second).status == 200
    assert fetches(behind) == 1


async def test_stale_is_given_at_once_and_fetched_anew_meanwhile(
    shop: Instance, cached: Cached, behind: Services
) -> None:
    await cached(STALE)
    await get(shop)
    behind.answer("product", "GET /products/mug", {**MUG, "name": "Cup"})
    answer = await get(shop)
    assert answer.headers["Cache-Status"].endswith("detail=stale-while-revalidate")
    assert (await answer.json())["name"] == "Mug"

    async def renewed() -> bool:
        return await name(shop) == "Cup"

    await eventually(renewed)


async def test_without_its_source_an_answer_is_spare_even_one_that_has_changed(
    shop: Instance, cached: Cached, behind: Services, here: Corner
) -> None:
    await cached(SPARE)
    await listening(shop)
    await get(shop)
    await here.say(changed())
    behind.refuse("product", "GET /products/mug", 503, "unavailable")
    answer = await get(shop)
    assert (answer.status, await name(shop)) == (200, "Mug")
    assert answer.headers["Cache-Status"].endswith("detail=stale-if-error")
    for _ in range(10):
        assert (await get(shop)).status == 200, "also when the breaker is open"
    behind.refuse("product", "GET /products/other", 503, "unavailable")
    assert (await get(shop, "/api/v1/products/other")).status == 503


async def test_a_refusal_and_a_page_that_lacks_something_are_not_kept(
    shop: Instance, cached: Cached, behind: Services
) -> None:
    await cached(HOUR)
    behind.refuse("product", "GET /products/mug", 404, "not-found")
    assert (await get(shop)).status == 404
    behind.answer("product", "GET /products/mug", MUG)
    behind.refuse("inventory", "GET /stock", 500, "internal")
    assert await verdict(shop) == "portico; fwd=miss"
    behind.answer("inventory", "GET /stock", {"items": []})
    assert await verdict(shop) == "portico; fwd=miss; stored"


async def test_nothing_of_the_caller_reaches_what_is_kept(
    shop: Instance, cached: Cached, behind: Services, issuer: Issuer
) -> None:
    await cached(HOUR)
    await get(shop, headers=issuer.bearer("u1"))
    assert not any("Authorization" in heard.headers for heard in behind.heard)
    assert "hit" in await verdict(shop)


@pytest.mark.parametrize("role", ["support", "admin"])
async def test_staff_see_what_is_and_leave_no_trace(
    shop: Instance, cached: Cached, behind: Services, issuer: Issuer, role: str
) -> None:
    await cached(HOUR)
    answer = await get(shop, headers=issuer.bearer("s", role))
    assert (answer.headers["Cache-Status"], answer.headers["Cache-Control"]) == (
        "portico; fwd=bypass",
        "private, no-store",
    )
    assert behind.heard[-1].headers["Authorization"]
    assert "fwd=miss" in await verdict(shop)


async def test_a_client_that_has_it_is_told_so(shop: Instance, cached: Cached) -> None:
    await cached(HOUR)
    first = await get(shop)
    assert first.headers["Cache-Control"] == "public, no-cache"
    etag = first.headers["ETag"]
    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await get(shop, headers={"If-None-Match": sent})
        assert (answer.status, answer.headers["ETag"]) == (304, etag)
    assert (await get(shop, headers={"If-None-Match": '"other"'})).status == 200


async def test_it_can_be_switched_off_while_it_runs(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    await get(shop)
    await configure(Caching, enabled=False)
    assert await verdict(shop) == "portico; fwd=bypass"
    assert fetches(behind) == 2


async def test_without_redis_everything_is_fetched(gateway: Gateway, behind: Services) -> None:
    shop = await gateway(redis_url="redis://127.0.0.1:1/0")
    assert [await verdict(shop) for _ in range(2)] == ["portico; fwd=miss"] * 2
    assert fetches(behind) == 2


async def test_a_fetch_that_died_with_its_gateway_is_not_waited_for_for_ever(
    shop: Instance, cached: Cached, here: Corner
) -> None:
    await cached(HOUR)
    async with shop.app[STORE].reached() as redis:
        await lock_everything(redis, here.name)
    async with asyncio.timeout(5):
        assert (await get(shop)).status == 200


async def lock_everything(redis: Redis, corner: str) -> None:
    """As if another gateway were fetching the page."""
    await redis.set(f"{corner}:{{cache}}:fetch:{key_of('product', PAGE, [])}", "1", px=60_000)
