"""The composers, each one process on the same core, in front of the same stub."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path

import orjson

from scripts.layout import CHECKOUT, Layout
from scripts.native.fetching import fetch
from scripts.native.node import node_environment, node_of
from scripts.native.probes import port_open
from scripts.native.tools import version
from scripts.supervisor import ProcessSpec, Supervisor
from tests.benchmarks.composers import portico
from tests.benchmarks.cores import pinned
from tests.benchmarks.platform import empty_home, pids
from tests.benchmarks.pressure import WRK
from tests.benchmarks.rival.node import fetch_project
from tests.tokens import Issuer

FASTIFY = Path(__file__).with_name("with_fastify")
PORTS: Mapping[str, int] = {"Portico": 29_201, "FastAPI": 29_202, "Fastify": 29_203}
COMPOSERS = tuple(PORTS)


@dataclass(frozen=True)
class Composers:
    """Where each listens, all processes by name, and tokens that Portico's gateway takes."""

    urls: Mapping[str, str]
    pids: Mapping[str, int]
    customer: str
    staff: str


@asynccontextmanager
async def composers(milliseconds: float, core: int) -> AsyncIterator[Composers]:
    """All of them in front of services that take so long to answer; they are ended on exit."""
    layout = empty_home()
    await fetch(layout.native)
    await fetch(layout.native, (WRK,))
    directory = await fetch_project(layout, "with-fastify", FASTIFY)
    urls = {name: f"http://{layout.host}:{port}" for name, port in PORTS.items()}
    known = portico.specs(layout)
    measured = (_portico(known["gateway"]), _fastapi(layout), _fastify(layout, directory))
    specs = (
        *(known[name] for name in portico.PARTS),
        portico.stub(milliseconds),
        *(pinned(spec, core) for spec in measured),
    )
    async with Supervisor(specs, logs=layout.logs, record=layout.process_record) as supervisor:
        await supervisor.start()
        issuer = Issuer.make("bench")
        await portico.publish_keys(layout, issuer, urls["Portico"])
        yield Composers(urls, pids(supervisor), issuer.token("ada"), issuer.token("operator", "admin"))


def versions(layout: Layout) -> dict[str, str]:
    """What the rivals are made of."""
    node = ".".join(map(str, version(node_of(layout.native), "--version")))
    packages = orjson.loads((FASTIFY / "package.json").read_bytes())["dependencies"]
    return {
        **{name: metadata.version(name) for name in ("fastapi", "httpx", "uvicorn")},
        **packages,
        "node": node,
    }


def _portico(gateway: ProcessSpec) -> ProcessSpec:
    return replace(gateway, name="Portico").with_environment({"PORTICO_PORT": str(PORTS["Portico"])})


def _fastapi(layout: Layout) -> ProcessSpec:
    app = "tests.benchmarks.composers.with_fastapi:app"
    serving = ("--port", str(PORTS["FastAPI"]), "--loop", "uvloop", "--http", "httptools")
    quiet = ("--no-access-log", "--log-level", "warning")
    return _rival(layout, "FastAPI", (sys.executable, "-m", "uvicorn", app, *serving, *quiet), CHECKOUT)


def _fastify(layout: Layout, directory: Path) -> ProcessSpec:
    environment = {
        **node_environment(layout.native),
        "NODE_ENV": "production",
        "PORT": str(PORTS["Fastify"]),
    }
    return _rival(layout, "Fastify", ("node", "index.js"), directory).with_environment(environment)


def _rival(layout: Layout, name: str, command: tuple[str, ...], directory: Path) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        command=command,
        directory=directory,
        environment={"UPSTREAM_URL": portico.stub_url(layout)},
        ports={name: PORTS[name]},
        ready=partial(port_open, layout.host, PORTS[name]),
    )
