"""The prototype's four processes on the platform's MongoDB and RabbitMQ."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts.layout import Layout
from scripts.native import rabbitmq
from scripts.native.node import node_environment
from scripts.native.probes import port_open
from scripts.platform import load_secrets
from scripts.supervisor import ProcessSpec, Supervisor
from tests.benchmarks.platform import pids, root_url
from tests.benchmarks.rival.node import fetch_prototype

PORTS = {"auth": 29_101, "product": 29_102, "order": 29_103, "gateway": 29_100}
DATABASE = "rival"


@dataclass(frozen=True)
class Rival:
    """The URL of its gateway, and its processes by name."""

    url: str
    pids: Mapping[str, int]


@asynccontextmanager
async def prototype(layout: Layout) -> AsyncIterator[Rival]:
    """The prototype just started; it is ended on exit."""
    directory = await fetch_prototype(layout)
    specs = [_process(layout, name, directory) for name in PORTS]
    record = layout.run / "rival.json"
    async with Supervisor(specs, logs=layout.logs, record=record) as supervisor:
        await supervisor.start()
        yield Rival(_url(layout, "gateway"), pids(supervisor))


def _process(layout: Layout, name: str, directory: Path) -> ProcessSpec:
    secrets = load_secrets(layout)
    return ProcessSpec(
        name=f"rival-{name}",
        command=("node", f"{name}.js"),
        directory=directory,
        environment={
            **node_environment(layout.native),
            "NODE_ENV": "production",
            "PORT": str(PORTS[name]),
            "MONGODB_URL": root_url(layout, DATABASE),
            "AMQP_URL": rabbitmq.url(layout, secrets),
            "JWT_SECRET": secrets.sandbox_webhook,
            "AUTH_URL": _url(layout, "auth"),
            "PRODUCT_URL": _url(layout, "product"),
        },
        ports={name: PORTS[name]},
        ready=partial(port_open, layout.host, PORTS[name]),
    )


def _url(layout: Layout, name: str) -> str:
    return f"http://{layout.host}:{PORTS[name]}"
