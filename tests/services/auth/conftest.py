"""The auth service running on real parts."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from consul.aio import Consul

from discovery.consul.client import consul_client
from services.auth.app import make_app
from services.auth.settings import Settings
from tests.conftest import Start
from tests.instances import Instance
from tests.parts import Corner
from tests.services.auth.client import CHEAP, Auth, RunAuth
from tests.services.auth.holders import Site, site
from tests.services.auth.office import Office, opened, quick


@pytest.fixture
def run_auth(here: Corner, start: Start) -> RunAuth:
    """Start an instance; settings may differ from those of a fast test."""

    async def run(**changes: Any) -> Auth:
        settings = here.settings(Settings, **{**CHEAP, **changes})
        return Auth(await start(make_app(settings)), settings)

    return run


@pytest.fixture
async def consul(here: Corner) -> AsyncIterator[Consul]:
    """A client."""
    async with consul_client(here.layout.url("consul")) as client:
        yield client


@pytest.fixture
async def auth(run_auth: RunAuth) -> Auth:
    """One instance."""
    return await run_auth()


@pytest.fixture
async def around(here: Corner, start: Start) -> AsyncIterator[Site]:
    """Whoever is to acknowledge."""
    async with site(here, start) as found:
        yield found


@pytest.fixture
async def control_plane(around: Site) -> Instance:
    """A process that speaks for the Envoys and knows what is published."""
    return await around.follower("control-plane")


@pytest.fixture
async def office(run_auth: RunAuth, around: Site, here: Corner, consul: Consul) -> Office:
    """One instance that does everything soon, and an administrator."""
    return await opened(await run_auth(**quick(around)), here, consul)
