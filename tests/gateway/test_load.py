"""More to do than can be done: what there is no place for is turned away at once, and the rest is in time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

import pytest
from aiohttp import ClientResponse
from prometheus_client import REGISTRY

from discovery.config.caching import Caching
from discovery.config.resilience import Resilience
from tests.gateway.conftest import Configure
from tests.gateway.services import Services, Slow
from tests.instances import Instance
from tests.parts import eventually
from tests.tokens import Issuer

CATEGORIES = "/api/v1/categories"
OWN = ("/livez", "/servingz", "/health", "/metrics")


@pytest.fixture(autouse=True)
async def _uncached(configure: Configure) -> None:
    """Each request is work: none waits for the fetch of another."""
    await configure(Caching, enabled=False)


@pytest.fixture
def slow(behind: Services) -> Slow:
    """The categories take until they are released."""
    handler = Slow()
    behind.handle("product", "GET /categories", handler)
    return handler


@asynccontextmanager
async def working(
    shop: Instance, slow: Slow, times: int, headers: dict[str, str] | None = None
) -> AsyncIterator[None]:
    """So many requests are being worked on while inside, and succeed then."""
    before = slow.waiting
    async with asyncio.TaskGroup() as group:
        requests = [group.create_task(status(shop, headers)) for _ in range(times)]
        await eventually(lambda: slow.waiting == before + times)
        yield
        slow.released.set()
    assert [request.result() for request in requests] == [200] * times


async def status(shop: Instance, headers: dict[str, str] | None = None) -> int:
    async with shop.http.get(CATEGORIES, headers=headers) as response:
        return response.status


async def turned_away(response: ClientResponse) -> None:
    assert (response.status, response.content_type) == (503, "application/problem+json")
    assert response.headers["Retry-After"] == "1"
    assert (await response.json())["type"] == "urn:portico:problem:overloaded"


def shed(what: str, reason: str = "full") -> float:
    return REGISTRY.get_sample_value("portico_shed_total", {"what": what, "reason": reason}) or 0.0


def in_flight(what: str) -> float | None:
    return REGISTRY.get_sample_value("portico_in_flight", {"what": what})


async def test_beyond_its_places_a_gateway_turns_away_at_once(
    shop: Instance, configure: Configure, behind: Services, slow: Slow, issuer: Issuer
) -> None:
    await configure(Resilience, in_flight=3)
    bearer, before = issuer.bearer("u1"), shed("requests")
    async with working(shop, slow, 3, bearer):
        assert in_flight("requests") == 3
        for path in (CATEGORIES, "/api/v1/orders", "/api/v1/nothing"):
            async with asyncio.timeout(1), shop.http.get(path, headers=bearer) as response:
                await turned_away(response)
        for path in OWN:
            async with shop.http.get(path) as response:
                assert response.status == 200
    assert (in_flight("requests"), shed("requests")) == (0, before + 3)
    assert await status(shop, bearer) == 200
    assert len(behind.heard) == 4


async def test_those_who_only_look_leave_half_to_the_others(
    shop: Instance, configure: Configure, slow: Slow, issuer: Issuer
) -> None:
    await configure(Resilience, in_flight=4)
    before = shed("reads")
    async with working(shop, slow, 2):
        for look in (shop.http.get, shop.http.head):
            async with look(CATEGORIES) as response:
                assert response.status == 503
        async with shop.http.post("/api/v1/auth/login", json={}) as response:
            assert response.status == 404
        async with (
            working(shop, slow, 2, issuer.bearer("u1")),
            shop.http.post("/api/v1/auth/login", json={}) as response,
        ):
            await turned_away(response)
    assert shed("reads") == before + 2


async def test_a_gateway_whose_event_loop_is_late_turns_away(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    behind.answer("product", "GET /categories", {"items": []})
    await configure(Resilience, lag_seconds=0.05)
    before = shed("reads", "late")

    async def late() -> bool:
        time.sleep(0.2)  # noqa: ASYNC251 (this is the very thing that must not happen)
        return shed("reads", "late") > before or await status(shop) == 503

    await eventually(late)

    async def in_time() -> bool:
        return await status(shop) == 200

    await eventually(in_time)


async def test_one_place_is_enough_for_one_who_only_looks(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    behind.answer("product", "GET /categories", {"items": []})
    await configure(Resilience, in_flight=1)
    assert await status(shop) == 200


async def test_places_are_given_up_by_who_fails_and_who_is_gone(
    shop: Instance, configure: Configure, behind: Services, slow: Slow, issuer: Issuer
) -> None:
    await configure(Resilience, in_flight=1, read_seconds=0.2)
    bearer = issuer.bearer("u1")
    assert await status(shop, bearer) == 503
    request = asyncio.create_task(status(shop, bearer))
    await eventually(lambda: slow.waiting)
    request.cancel()
    await eventually(lambda: in_flight("requests") == 0)
    behind.refuse("product", "GET /categories", 500, "internal")
    for _ in range(3):
        async with shop.http.get(CATEGORIES, headers=bearer) as response:
            assert (await response.json())["type"] != "urn:portico:problem:overloaded"


async def test_an_open_stream_takes_no_place(
    shop: Instance, configure: Configure, behind: Services, issuer: Issuer
) -> None:
    await configure(Resilience, in_flight=1)
    behind.answer("product", "GET /categories", {"items": []})
    behind.answer("order", "GET /orders/o1/timeline", {"order_id": "o1", "reason": None, "timeline": []})
    bearer = issuer.bearer("u1")
    async with (
        shop.http.get("/api/v1/orders/o1/events", headers=bearer) as one,
        shop.http.get("/api/v1/orders/o1/events", headers=bearer) as other,
    ):
        assert (one.status, other.status, in_flight("requests")) == (200, 200, 0)
        assert await status(shop) == 200


async def test_one_slow_service_leaves_the_others_alone_and_is_not_called_broken(
    shop: Instance, configure: Configure, behind: Services, slow: Slow
) -> None:
    await configure(Resilience, upstream_calls=2, breaker_failures=1)
    before = shed("product")
    async with working(shop, slow, 2):
        assert in_flight("product") == 2
        for _ in range(3):
            async with asyncio.timeout(1), shop.http.get(CATEGORIES) as response:
                await turned_away(response)
        async with shop.http.post("/api/v1/auth/login", json={}) as response:
            assert response.status == 404
    assert (in_flight("product"), shed("product")) == (0, before + 3)
    assert await status(shop) == 200
    assert len(behind.asked("product")) == 3


async def test_under_four_times_its_load_what_is_taken_is_in_time_and_the_rest_is_told_at_once(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    """A service that does 40 calls a second is asked for 160: without bounds, the last would wait for 12 s."""
    behind.handle("product", "GET /categories", Slow(seconds=0.1, at_once=4))
    await configure(Resilience, in_flight=16)
    loop = asyncio.get_running_loop()
    took: dict[int, list[float]] = {200: [], 503: []}

    async def look() -> None:
        started = loop.time()
        answer = await status(shop)
        took[answer].append(loop.time() - started)

    started = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(640):
            group.create_task(look())
            await asyncio.sleep(max(0.0, started + (number + 1) / 160 - loop.time()))
    assert len(took[200]) > 80
    assert max(took[200]) < 3.0
    assert median(took[503]) < 0.1


async def test_a_service_that_says_it_has_too_much_to_do_is_not_called_broken(
    shop: Instance, configure: Configure, behind: Services
) -> None:
    await configure(Resilience, breaker_failures=1, breaker_seconds=60.0)
    before = shed("product", "upstream")
    behind.refuse("product", "GET /categories", 503, "overloaded")
    for _ in range(3):
        async with shop.http.get(CATEGORIES) as response:
            await turned_away(response)
    assert shed("product", "upstream") == before + 3
    behind.answer("product", "GET /categories", {"items": []})
    assert await status(shop) == 200
