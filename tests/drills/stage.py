"""A platform of the drills' own, as `portico up` starts it, where alerts fire within seconds."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from scripts.control import Control, served
from scripts.demo import seed_accounts, seed_catalogue
from scripts.layout import CHECKOUT, Layout
from scripts.native.fetching import fetch
from scripts.native.prometheus import keep_targets
from scripts.platform import load_credentials, load_secrets, platform_specs
from scripts.storefront import Storefront
from scripts.supervisor import ProcessSpec, Supervisor
from scripts.supervisor.record import end_leftovers
from services.chassis.background import background
from tests.drills.prometheus import Alerts, hurried, watched
from tests.drills.traffic import Traffic, trading

LAYOUT: Final = Layout(
    CHECKOUT / ".portico" / "drills",
    port_offset=7_000,
    # It would come to lie among the ports that the kernel gives to clients, and be taken now and then.
    port_overrides={"mongodb": 28_117},
)
UNLIMITED: Final = {"PORTICO_RATE_LIMIT_SCALE": "1000"}
OVERRIDES: Final = {
    "control-plane": UNLIMITED,
    "gateway": UNLIMITED,
    "auth": {"PORTICO_ACCESS_TOKEN_SECONDS": "7200", "PORTICO_KEY_ROTATION_DAYS": "0"},
    "order": {"PORTICO_SAGA_STUCK_SECONDS": "5", "PORTICO_MONGODB_MAX_POOL": "4"},
}
"""Nobody counts the drills' own load; a key grows old only where nothing rotates it; what takes long comes sooner."""


@dataclass(frozen=True)
class Stage:
    """The running platform, how it is run, who watches it, who buys there, and those who may do everything."""

    layout: Layout
    specs: Mapping[str, ProcessSpec]
    supervisor: Supervisor
    alerts: Alerts
    traffic: Traffic
    admin: Storefront
    mongo: AsyncMongoClient[dict[str, Any]]

    def database(self, service: str) -> AsyncDatabase[dict[str, Any]]:
        """The database of a service."""
        return self.mongo[service]

    def group(self, process: str) -> int:
        """The process group of a process that runs."""
        status = next(status for status in self.supervisor.status() if status.name == process)
        assert status.pid, f"{process} is {status.state}"
        return os.getpgid(status.pid)


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Start everything in a home that is empty, and end it all whatever happens."""
    layout = LAYOUT
    end_leftovers(layout.process_record)
    shutil.rmtree(layout.home, ignore_errors=True)
    await fetch(layout.native)
    specs = [_hurried(spec, layout) for spec in platform_specs(layout, OVERRIDES)]
    url, logins = layout.url("edge"), load_credentials(layout)
    async with (
        Supervisor(specs, logs=layout.logs, record=layout.process_record) as supervisor,
        served(Control(supervisor), layout.control_socket),
        background("Prometheus targets", lambda: keep_targets(layout)),
    ):
        await supervisor.start()
        await asyncio.to_thread(seed_accounts, layout)
        await seed_catalogue(url, logins.admin)
        async with (
            AsyncMongoClient[dict[str, Any]](_root_url(layout), tz_aware=True) as mongo,
            Storefront(url) as admin,
        ):
            await admin.log_in(logins.admin)
            async with (
                trading(url, logins, admin) as traffic,
                watched(layout.url("prometheus")) as alerts,
            ):
                known = {spec.name: spec for spec in specs}
                yield Stage(layout, known, supervisor, alerts, traffic, admin, mongo)


def _hurried(spec: ProcessSpec, layout: Layout) -> ProcessSpec:
    """Prometheus with its own configuration, anything else as it is."""
    if spec.name != "prometheus":
        return spec
    config: Path = layout.config("prometheus") / "prometheus.yml"
    return replace(spec, prepare=lambda: hurried(layout, config))


def _root_url(layout: Layout) -> str:
    login = f"root:{load_secrets(layout).mongodb_root}"
    return f"mongodb://{login}@{layout.address('mongodb')}/?authSource=admin&replicaSet=rs0"
