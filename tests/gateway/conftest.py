"""A gateway on the real parts, with services behind it that say what a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.app import make_app
from gateway.settings import Settings
from tests.conftest import Start
from tests.gateway.services import Services, services
from tests.instances import Instance
from tests.parts import Corner

Gateway = Callable[..., Awaitable[Instance]]


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[Services]:
    """The services behind the gateway."""
    async with services(tmp_path) as known:
        yield known


@pytest.fixture
def gateway(here: Corner, start: Start, behind: Services) -> Gateway:
    """Start a gateway, with settings of the test's own."""

    async def run(**changes: Any) -> Instance:
        return await start(make_app(here.settings(Settings, **{"egress_url": behind.url, **changes})))

    return run


@pytest.fixture
async def shop(gateway: Gateway) -> Instance:
    """One gateway as it comes."""
    return await gateway()
