"""A gateway on the real parts, with services behind it that say what a test wants."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from discovery.config.resilience import Resilience
from discovery.config.section import Section, resolved
from gateway.app import make_app
from gateway.settings import Settings
from services.chassis.config import CONFIGURATION
from services.chassis.health import READINESS
from tests.conftest import Start
from tests.gateway.services import Services, services
from tests.instances import Instance
from tests.parts import Corner, eventually

Gateway = Callable[..., Awaitable[Instance]]

# A machine that stands still for a moment is not what most tests are about.
PATIENT: Mapping[type[Section], Mapping[str, Any]] = {
    Resilience: {"lag_seconds": 60.0, "optional_seconds": 4.5}
}
PATIENT_SETTINGS: Mapping[str, Any] = {"store_seconds": 5.0}


class Configure(Protocol):
    """Changes a section of the configuration."""

    async def __call__(self, section: type[Section], **changes: Any) -> None:
        """Make these changes to its defaults, and return when they are in force in all gateways of the test."""


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[Services]:
    """The services behind the gateway."""
    async with services(tmp_path) as known:
        yield known


@pytest.fixture
def gateways() -> list[Instance]:
    """All that the test has started."""
    return []


@pytest.fixture
async def gateway(here: Corner, start: Start, behind: Services, gateways: list[Instance]) -> Gateway:
    """Start a gateway, with settings of the test's own."""
    for section, patience in PATIENT.items():
        await here.store(f"config/{section.name}", json.dumps(dict(patience)).encode())

    async def run(**changes: Any) -> Instance:
        settings = here.settings(Settings, **{"egress_url": behind.url, **PATIENT_SETTINGS, **changes})
        gateways.append(await start(make_app(settings)))
        return gateways[-1]

    return run


@pytest.fixture
def configure(here: Corner, gateways: list[Instance]) -> Configure:
    """Change the configuration of the test's gateways, of those to come too."""

    async def change(section: type[Section], **changes: Any) -> None:
        document = json.dumps({**PATIENT.get(section, {}), **changes}).encode()
        await here.store(f"config/{section.name}", document)
        wanted = resolved(section, document)
        await eventually(lambda: all(shop.app[CONFIGURATION][section] == wanted for shop in gateways))

    return change


@pytest.fixture
async def shop(gateway: Gateway) -> Instance:
    """One gateway as it comes."""
    return await gateway()


async def consuming(shop: Instance) -> None:
    """Wait until a gateway takes messages from RabbitMQ."""

    async def connected() -> bool:
        await shop.app[READINESS].refresh()
        return bool(shop.app[READINESS].report()["checks"]["rabbitmq"]["ok"])

    await eventually(connected)
