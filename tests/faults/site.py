"""The whole platform as production has it, with proxies between our processes and the parts they stand on."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.demo import seed_accounts
from scripts.layout import Layout
from scripts.native import rabbitmq
from scripts.native.fetching import PARTS as NATIVE_PARTS
from scripts.native.fetching import fetch
from scripts.platform import load_secrets, platform_specs
from scripts.supervisor import ProcessSpec, State, Supervisor
from scripts.supervisor.record import end_leftovers
from tests.faults.broker import Broker, known
from tests.faults.clock import PART as FAKETIME
from tests.faults.clock import UNTOUCHED, Clock
from tests.faults.disk import unmount
from tests.faults.proxy import Proxy, proxied

PARTS = ("mongodb", "rabbitmq", "redis", "consul")
INSTANCES = 2
# Behind a proxy a client must not ask the replica set where else it is.
STAY_BEHIND = "&directConnection=true"
ENVIRONMENT = {"PORTICO_RATE_LIMIT_SCALE": "1000"}
LAUNCHER = "tests.faults.without"
CLOCKED = ("auth-1", "payment-1", "order-1")
"""Those whose clocks can be put forward."""


@dataclass(frozen=True)
class Site:
    """A running platform; `proxies` are by the part that is behind them, `clocks` by the process that goes by them."""

    layout: Layout
    supervisor: Supervisor
    proxies: Mapping[str, Proxy]
    clocks: Mapping[str, Clock]
    broker: Broker

    @property
    def disks(self) -> Path:
        """Where disks of the suite's own are mounted."""
        return _disks(self.layout)

    @property
    def mongodb_url(self) -> str:
        """MongoDB itself, for somebody who may read every database."""
        password = load_secrets(self.layout).mongodb_root
        return f"mongodb://root:{password}@{self.layout.address('mongodb')}/?authSource=admin&directConnection=true"

    def instances(self, service: str) -> list[str]:
        """The names of the processes of a service, or the one process of that name."""
        names = self.supervisor.states()
        return [name for name in names if name == service or name.rpartition("-")[0] == service]

    def group(self, process: str) -> int:
        """The process group of a process that runs."""
        status = next(status for status in self.supervisor.status() if status.name == process)
        assert status.pid, f"{process} is {status.state}"
        return os.getpgid(status.pid)

    async def ready(self) -> None:
        """Return once every process is ready."""
        states = self.supervisor.states
        await self.supervisor.changes.until(
            lambda: all(state is State.READY for state, _ in states().values())
        )


@asynccontextmanager
async def site(layout: Layout, without: str | None) -> AsyncIterator[Site]:
    """Start everything in a home that is empty, and end it all whatever happens.

    Our processes run without the safeguard that is named `without`, if one is.
    """
    end_leftovers(layout.process_record)
    for left in _disks(layout).glob("*"):
        unmount(left)
    shutil.rmtree(layout.home, ignore_errors=True)
    await fetch(layout.native, (*NATIVE_PARTS, FAKETIME))
    clocks = {name: Clock(layout.config("clocks") / name) for name in CLOCKED}
    async with AsyncExitStack() as stack:
        proxies = {}
        detours = {}
        for part in PARTS:
            proxies[part], port = await stack.enter_async_context(proxied(layout.port(part)))
            detours[layout.address(part)] = f"{layout.host}:{port}"
        ours = {name: clock.environment(layout.native) for name, clock in clocks.items()}
        specs = [
            _behind(_lamed(spec, without), detours).with_environment(ours.get(spec.name, {}))
            for spec in platform_specs(layout)
        ]
        supervisor = Supervisor(specs, logs=layout.logs, record=layout.process_record)
        await stack.enter_async_context(supervisor)
        await supervisor.start()
        await asyncio.gather(
            *(supervisor.scale(service, INSTANCES, UNTOUCHED) for service in supervisor.scalable)
        )
        await asyncio.to_thread(seed_accounts, layout)
        broker = await known(rabbitmq.url(layout, load_secrets(layout)), layout.url("rabbitmq_management"))
        yield Site(layout, supervisor, proxies, clocks, broker)


def _disks(layout: Layout) -> Path:
    return layout.home / "disks"


def _behind(spec: ProcessSpec, detours: Mapping[str, str]) -> ProcessSpec:
    """The same process, led to the proxies wherever it is told the address of a part."""
    environment = {**spec.environment, **ENVIRONMENT}
    for name, value in spec.environment.items():
        for address, detour in detours.items():
            if address in value:
                environment[name] = value.replace(address, detour)
                if value.startswith("mongodb:"):
                    environment[name] += STAY_BEHIND
    return replace(spec, environment=environment)


def _lamed(spec: ProcessSpec, without: str | None) -> ProcessSpec:
    if without is None or not spec.scalable:
        return spec
    *_, module = spec.command
    return replace(spec, command=(sys.executable, "-m", LAUNCHER, without, module))
