"""The whole platform on ports of its own, as `portico up` starts it, with goods to sell and people to buy them."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from scripts.demo import seed_accounts
from scripts.layout import CHECKOUT, Layout
from scripts.native.fetching import fetch
from scripts.native.prometheus import keep_targets
from scripts.platform import load_secrets, platform_specs
from scripts.supervisor import Supervisor
from scripts.supervisor.record import end_leftovers
from services.chassis.background import background

LAYOUT = Layout(
    CHECKOUT / ".portico" / "bench",
    port_offset=9_000,
    # These two would come to lie among the ports that the kernel gives to clients, and be taken now and then.
    port_overrides={"mongodb": 29_217, "rabbitmq_dist": 29_272},
)
ENVIRONMENT: Mapping[str, str] = {"PORTICO_RATE_LIMIT_SCALE": "100000"}


@dataclass(frozen=True)
class Platform:
    """Where everything is, and the supervisor that runs it."""

    layout: Layout
    supervisor: Supervisor
    mongo: AsyncMongoClient[dict[str, Any]]

    def database(self, service: str) -> AsyncDatabase[dict[str, Any]]:
        """The database of a service, to look into."""
        return self.mongo[service]

    def pids(self) -> dict[str, int]:
        """The running processes by name, the supervisor, which is this one, among them."""
        return {**pids(self.supervisor), "supervisor": os.getpid()}


@asynccontextmanager
async def running(*, telemetry: bool = True) -> AsyncIterator[Platform]:
    """A platform with empty databases and its accounts; it is ended on exit.

    Without `telemetry` nothing is traced, and there is no collector to read the logs.
    """
    layout = empty_home()
    await fetch(layout.native)
    environment = ENVIRONMENT if telemetry else {**ENVIRONMENT, "OTEL_EXPORTER_OTLP_ENDPOINT": ""}
    specs = [
        spec.with_environment(environment)
        for spec in platform_specs(layout)
        if telemetry or spec.provides != "collector"
    ]
    async with Supervisor(specs, logs=layout.logs, record=layout.process_record) as supervisor:
        await supervisor.start()
        # Not in this thread: it owns the pipes of every process.
        await asyncio.to_thread(seed_accounts, layout)
        async with (
            background("Prometheus targets", lambda: keep_targets(layout)),
            AsyncMongoClient[dict[str, Any]](root_url(layout), tz_aware=True) as mongo,
        ):
            yield Platform(layout, supervisor, mongo)


def pids(supervisor: Supervisor) -> dict[str, int]:
    """The processes that a supervisor runs, by name."""
    return {status.name: status.pid for status in supervisor.status() if status.pid}


def empty_home() -> Layout:
    """The benchmarks' own home, with nothing in it and nothing running."""
    for record in LAYOUT.run.glob("*.json"):
        end_leftovers(record)
    shutil.rmtree(LAYOUT.home, ignore_errors=True)
    return LAYOUT


def root_url(layout: Layout, database: str = "") -> str:
    """The connection string of somebody who may do everything."""
    login = f"root:{load_secrets(layout).mongodb_root}"
    return f"mongodb://{login}@{layout.address('mongodb')}/{database}?authSource=admin&replicaSet=rs0"
