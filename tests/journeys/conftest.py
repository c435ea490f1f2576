"""The whole platform, as `portico up` starts it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from discovery.consul.client import consul_client
from scripts.demo import seed_accounts
from scripts.layout import Layout
from scripts.native.prometheus import keep_targets
from scripts.platform import load_credentials, load_secrets
from scripts.supervisor import Supervisor
from services.chassis.background import background
from tests.journeys.shop import Shop, shop


@pytest.fixture(scope="session")
async def platform(supervisor: Supervisor, layout: Layout) -> AsyncIterator[Supervisor]:
    """Every process of the platform, ready, with its accounts."""
    await supervisor.start()
    await _be_patient(layout)
    # Not in this thread: it owns the pipes of every process, and one that nobody reads brings its writer to a halt.
    await asyncio.to_thread(seed_accounts, layout)
    async with background("Prometheus targets", lambda: keep_targets(layout)):
        yield supervisor


async def _be_patient(layout: Layout) -> None:
    """A machine that stands still for a moment is not what journeys are about: no gateway turns anybody away for it."""
    async with consul_client(layout.url("consul")) as client:
        await client.kv.put("portico/config/resilience", json.dumps({"lag_seconds": 60.0}).encode())


@pytest.fixture(scope="session")
async def store(platform: Supervisor, layout: Layout) -> AsyncIterator[Shop]:
    """The door of the running platform."""
    credentials = load_credentials(layout)
    async with shop(
        layout.url("edge"), credentials.admin.model_dump(), credentials.support.model_dump()
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
async def databases(platform: Supervisor, layout: Layout) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    """Every database of the platform, to look into."""
    url = f"mongodb://root:{load_secrets(layout).mongodb_root}@{layout.address('mongodb')}/?authSource=admin"
    async with AsyncMongoClient[dict[str, Any]](url, tz_aware=True) as client:
        yield client
