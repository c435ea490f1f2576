"""Real Consul, real control planes and real Envoys, started once for all tests of discovery."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from discovery.consul import kv
from discovery.consul.client import consul_client
from discovery.control_plane.codec import Codec
from scripts.layout import CHECKOUT, Layout
from scripts.native import consul, envoy, xds
from scripts.native.fetching import fetch
from scripts.supervisor.record import end_leftovers
from tests.discovery.instance import Instance
from tests.discovery.platform import CONTROL_PLANES, Platform, running
from tests.tokens import Issuer

JWKS_KEY = "portico/auth/jwks"
HOME = CHECKOUT / ".portico" / "test-discovery"


@pytest.fixture(scope="session")
async def native() -> Path:
    """The directory of the native parts, with those in it that discovery needs."""
    directory = Layout(HOME).native
    await fetch(directory, (consul.PART, envoy.PART, xds.PART))
    return directory


@pytest.fixture(scope="session")
def codec(native: Path) -> Codec:
    """Encodes for Envoy."""
    return Codec.load(xds.descriptors(Layout(HOME)))


@pytest.fixture(scope="session")
async def running_platform(native: Path) -> AsyncIterator[Platform]:
    """Started once. Tests take `platform`."""
    end_leftovers(Layout(HOME).process_record)
    shutil.rmtree(HOME, ignore_errors=True)
    async with running(HOME) as platform:
        yield platform


@pytest.fixture
async def platform(running_platform: Platform) -> Platform:
    """The platform with every part of it up, whatever the test before has done to it."""
    await running_platform.supervisor.start("consul", *CONTROL_PLANES, "edge", "egress")
    return running_platform


Join = Callable[[str, str], AbstractAsyncContextManager[Instance]]


@pytest.fixture
def join(platform: Platform) -> Join:
    """An instance (service, id) of this process that is registered while the block runs."""
    return lambda service, id: Instance(service, id).registered(platform.consul)


@pytest.fixture
async def keys(platform: Platform, issuer: Issuer) -> Issuer:
    """An issuer whose keys are in Consul."""
    async with consul_client(platform.consul) as client:
        await kv.put(client, JWKS_KEY, issuer.jwks)
    return issuer
