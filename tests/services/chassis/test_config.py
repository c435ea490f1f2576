"""Configuration and flags while a process runs: followed, kept at the last good value, and there without Consul."""

from typing import Final

import pytest
from aiohttp import web

from discovery.config.limits import Limits
from discovery.config.resilience import Resilience
from services.chassis.app import make_service
from services.chassis.config import CONFIGURATION, configuration
from services.chassis.flags import Switch, flags, is_on
from services.chassis.settings import ProcessSettings
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer

NEW: Final = Switch("new", default=False)


class Anything(ProcessSettings):
    service: str = "anything"


def application(settings: ProcessSettings) -> web.Application:
    app = make_service(settings)
    app.cleanup_ctx.extend([configuration(settings, Limits, Resilience), flags(settings)])

    async def look(request: web.Request) -> web.Response:
        return web.json_response({"on": is_on(request, NEW)})

    app.router.add_get("/new", look)
    return app


def in_flight(instance: Instance) -> int:
    return instance.app[CONFIGURATION][Resilience].in_flight


async def test_what_consul_has_holds_from_the_first_request_on(here: Corner, start: Start) -> None:
    await here.store("config/resilience", b'{"in_flight": 3}')
    assert in_flight(await start(application(here.settings(Anything)))) == 3


async def test_a_change_is_followed_and_an_invalid_one_is_not(here: Corner, start: Start) -> None:
    instances = [await start(application(here.settings(Anything))) for _ in range(2)]
    assert {in_flight(one) for one in instances} == {Resilience().in_flight}
    await here.store("config/resilience", b'{"in_flight": 4}')
    await eventually(lambda: {in_flight(one) for one in instances} == {4}, seconds=1)
    await here.store("config/resilience", b'{"in_flight": "many"}')
    await here.store("config/limits", b'{"enabled": false}')
    await eventually(lambda: not any(one.app[CONFIGURATION][Limits].enabled for one in instances), seconds=1)
    assert {in_flight(one) for one in instances} == {4}


async def test_without_consul_the_defaults_hold(start: Start) -> None:
    instance = await start(application(Anything(consul_url="http://127.0.0.1:1")))
    assert instance.app[CONFIGURATION][Limits] == Limits()
    async with instance.http.get("/new") as response:
        assert await response.json() == {"on": False}


async def test_a_flag_is_on_for_whom_it_is_meant(here: Corner, start: Start, issuer: Issuer) -> None:
    instance = await start(application(here.settings(Anything)))

    async def sees(headers: dict[str, str]) -> bool:
        async with instance.http.get("/new", headers=headers) as response:
            return bool((await response.json())["on"])

    admin, customer = issuer.bearer("a", "admin"), issuer.bearer("c")
    assert not await sees(admin)
    await here.store("flags/new", b'{"roles": ["admin"]}')
    await eventually(lambda: sees(admin), seconds=1)
    assert not await sees(customer)
    assert not await sees({})


@pytest.mark.parametrize("name", ["limits", "resilience"])
async def test_each_section_has_a_key_of_its_own(here: Corner, start: Start, name: str) -> None:
    await here.store(f"config/{name}", b"broken")
    instance = await start(application(here.settings(Anything)))
    assert instance.app[CONFIGURATION][Limits] == Limits()
    assert in_flight(instance) == Resilience().in_flight
