"""Real Consul, real control planes and real Envoys, started once for all tests of discovery."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from discovery.consul.client import consul_client
from discovery.control_plane.codec import Codec
from discovery.control_plane.policy import Role
from discovery.control_plane.publisher import ROLES
from scripts.layout import CHECKOUT, Layout
from scripts.native import consul, envoy, xds
from scripts.native.fetching import fetch
from scripts.supervisor.record import end_leftovers
from tests.discovery.instance import Instance
from tests.discovery.platform import CONTROL_PLANES, Platform, running
from tests.discovery.rig import Rig, rigged
from tests.discovery.traffic import PUBLIC, answered
from tests.parts import eventually
from tests.tokens import Issuer

JWKS_KEY = "portico/auth/jwks"
CONFIG_PREFIX = "portico/config/"
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


@pytest.fixture(scope="module")
async def attacked(codec: Codec, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """An edge without patience, with a gateway that counts what reaches it."""
    home = tmp_path_factory.mktemp("attacked")
    async with rigged(codec, home, edge_header_seconds=0.5, edge_request_seconds=1.0) as rig:
        await eventually(lambda: answered(rig.http, PUBLIC, "gw"))
        yield rig


class Join(Protocol):
    """How tests come by instances."""

    def __call__(self, service: str, id: str, *tags: str) -> AbstractAsyncContextManager[Instance]: ...


@pytest.fixture
def join(platform: Platform) -> Join:
    """An instance of this process that is registered while the block runs."""
    return lambda service, id, *tags: Instance(service, id, *tags).registered(platform.consul)


class Configure(Protocol):
    """How tests configure a section: by a patch, or by bytes as they are."""

    async def __call__(self, section: str, document: Any, seen_by: Role | None = None) -> None: ...


@pytest.fixture
async def configure(platform: Platform) -> AsyncIterator[Configure]:
    """Configure a section, and wait until an Envoy goes by it. Afterwards all is as it was."""
    before = {role: await platform.in_force(role) for role in ROLES}
    used: set[str] = set()
    async with consul_client(platform.consul) as client:

        async def put(section: str, document: Any, seen_by: Role | None = None) -> None:
            held = await platform.in_force(seen_by) if seen_by else set()
            used.add(f"{CONFIG_PREFIX}{section}")
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            await client.kv.put(f"{CONFIG_PREFIX}{section}", body)
            if seen_by:
                await eventually(partial(goes_by, platform, seen_by, held, False))

        yield put
        for key in used:
            await client.kv.delete(key)
    for role, versions in before.items():
        await eventually(partial(goes_by, platform, role, versions))


async def goes_by(platform: Platform, role: Role, versions: set[str], expected: bool = True) -> bool:
    """Whether it is as expected that an Envoy goes by exactly these versions."""
    return (await platform.in_force(role) == versions) is expected


@pytest.fixture
async def keys(platform: Platform, issuer: Issuer) -> Issuer:
    """An issuer whose keys are in Consul."""
    async with consul_client(platform.consul) as client:
        await client.kv.put(JWKS_KEY, issuer.jwks)
    return issuer
