"""One deadline for each request: it goes along with every call, and whoever is asked stops when it has passed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from discovery.config.caching import Caching
from discovery.config.resilience import Resilience
from services.chassis.app import make_service
from services.chassis.settings import ProcessSettings
from tests.gateway.conftest import Configure, Gateway
from tests.gateway.goods import MUG
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.serving import serving

DEADLINE = "x-envoy-expected-rq-timeout-ms"


class Settings(ProcessSettings):
    service: str = "slow"


class Slow:
    """A service like ours that knows a product, and never its stock. `took` is how long it tried, each time."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.url = ""

    async def product(self, _request: web.Request) -> web.Response:
        return web.json_response(MUG)

    async def related(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": []})

    async def stock(self, _request: web.Request) -> web.Response:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            await asyncio.Event().wait()
        finally:
            self.took.append(loop.time() - started)
        raise AssertionError


@pytest.fixture
async def slow(here: Corner) -> AsyncIterator[Slow]:
    service = Slow()
    app = make_service(here.settings(Settings))
    app.router.add_get("/products/mug", service.product)
    app.router.add_get("/products/p1/related", service.related)
    app.router.add_get("/stock", service.stock)
    app.router.add_get("/categories", service.stock)
    async with serving(app) as port:
        service.url = f"http://127.0.0.1:{port}"
        yield service


async def test_what_a_page_does_not_wait_for_is_not_worked_on(
    gateway: Gateway, slow: Slow, configure: Configure
) -> None:
    shop = await gateway(egress_url=slow.url)
    await configure(Resilience, optional_seconds=0.5)
    async with shop.http.get("/api/v1/products/mug") as response:
        assert (response.status, (await response.json())["degraded"]) == (200, ["stock"])
    [seconds] = await eventually(lambda: slow.took)
    assert seconds < 3


async def test_what_a_caller_does_not_wait_for_is_not_worked_on(
    gateway: Gateway, slow: Slow, configure: Configure
) -> None:
    shop = await gateway(egress_url=slow.url)
    await configure(Resilience, read_seconds=0.5)
    async with shop.http.get("/api/v1/categories") as response:
        assert response.status == 503
    [seconds] = await eventually(lambda: slow.took)
    assert seconds < 3


async def test_a_deadline_that_came_with_the_request_is_not_exceeded(
    shop: Instance, behind: Services, configure: Configure
) -> None:
    await configure(Caching, enabled=False)
    behind.answer("product", "GET /products/mug", MUG)
    async with shop.http.get("/api/v1/products/mug", headers={DEADLINE: "900"}) as response:
        assert response.status == 200
    told = {heard.target.partition("?")[0]: int(heard.headers[DEADLINE]) for heard in behind.heard}
    assert told.keys() == {"/products/mug", "/products/p1/related", "/stock"}
    assert max(told.values()) <= 900
