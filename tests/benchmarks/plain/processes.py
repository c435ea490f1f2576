"""The plain Envoy and the processes behind it."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from scripts.layout import CHECKOUT, Layout
from scripts.supervisor import ProcessSpec, Supervisor
from tests.benchmarks.plain import envoy
from tests.benchmarks.platform import pids

PORT, BEHIND = 29_210, (29_211, 29_212)


@dataclass(frozen=True)
class Plain:
    """Where it listens, and its processes by name."""

    url: str
    pids: Mapping[str, int]


@asynccontextmanager
async def plain(layout: Layout, body: bytes) -> AsyncIterator[Plain]:
    """Envoy in front of as many processes as there are gateways, all with this answer; it is ended on exit."""
    file = layout.config("plain") / "body.json"
    file.write_bytes(body)
    specs = [*(_answer(port, str(file)) for port in BEHIND), envoy.process(layout, PORT, BEHIND)]
    async with Supervisor(specs, logs=layout.logs, record=layout.run / "plain.json") as supervisor:
        await supervisor.start()
        yield Plain(f"http://{layout.host}:{PORT}", pids(supervisor))


def _answer(port: int, file: str) -> ProcessSpec:
    return ProcessSpec(
        name=f"answer-{port}",
        command=(sys.executable, "-m", "tests.benchmarks.plain.answer", str(port), file),
        directory=CHECKOUT,
        ports={"answer": port},
    )
