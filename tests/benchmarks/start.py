"""Start: how long `portico up` takes with empty databases and with full ones, and what the running platform costs.

It is timed as it is typed: from the command to its end, which is after the catalogue is there and a sample order has
been confirmed. Downloads are done before.
"""

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from matplotlib.figure import Figure

from scripts.control import ask
from scripts.layout import Layout
from scripts.native.fetching import fetch
from tests.benchmarks.figures import Spread
from tests.benchmarks.outside import output
from tests.benchmarks.platform import empty_home
from tests.benchmarks.plot import bars, bound, canvas
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.rounds import Effort
from tests.benchmarks.usage import Meter, resident

PORTICO = Path(sys.executable).with_name("portico")
IDLE_SECONDS = 5.0
COLD_SECONDS, WARM_SECONDS, MEBIBYTES = 60.0, 15.0, 2500.0


@dataclass(frozen=True)
class Started:
    """One start, in seconds; and of each process its memory (MiB), and the share of a core it used while idle."""

    kind: str
    seconds: float
    memory: Mapping[str, float]
    idle_cores: Mapping[str, float]


async def run(effort: Effort) -> Report:
    """Measure, draw, and say what was reached."""
    rounds: list[Started] = []
    for _ in range(effort.rounds):
        layout = empty_home()
        await fetch(layout.native)
        for kind in ("cold", "warm"):
            rounds.append(await _start(layout, kind, effort))
    return _report(rounds)


async def _start(layout: Layout, kind: str, effort: Effort) -> Started:
    began = time.perf_counter()
    try:
        await _portico(layout, "up")
        seconds = time.perf_counter() - began
        pids = await _pids(layout)
        meter, idle = Meter(pids), effort.seconds(IDLE_SECONDS)
        await asyncio.sleep(idle)
        cores = {name: round(used / idle, 3) for name, used in meter.cpu_seconds().items()}
        return Started(kind, seconds, resident(pids), cores)
    finally:
        await _portico(layout, "down")


async def _portico(layout: Layout, command: str) -> None:
    """Run a command of `portico` for the benchmarks' platform. Raises CommandFailed."""
    await output(PORTICO, command, environment={**os.environ, **layout.environment})


async def _pids(layout: Layout) -> dict[str, int]:
    """The running processes by name, as the supervisor in the background knows them, and itself."""
    [answer] = [answer async for answer in ask(layout.control_socket, command="status")]
    pids = {process["name"]: process["pid"] for process in answer["processes"]}
    return {**pids, "supervisor": psutil.Process(pids["edge"]).ppid()}


def _report(rounds: Sequence[Started]) -> Report:
    seconds = {kind: Spread.of(it.seconds for it in rounds if it.kind == kind) for kind in ("cold", "warm")}
    memory = Spread.of(sum(it.memory.values()) for it in rounds)
    cores = Spread.of(sum(it.idle_cores.values()) for it in rounds)
    return Report(
        "start",
        rounds,
        {"seconds": seconds, "resident_mebibytes": memory, "idle_cores": cores},
        (
            Goal(
                "P6",
                "cold start, with catalogue and a first order",
                seconds["cold"].median,
                COLD_SECONDS,
                "s",
            ),
            Goal("P6", "warm start, with an order", seconds["warm"].median, WARM_SECONDS, "s"),
            Goal("P6", "resident memory of one instance of each", memory.median, MEBIBYTES, "MiB"),
        ),
        _draw(seconds, rounds[-1].memory),
    )


def _draw(seconds: Mapping[str, Spread], memory: Mapping[str, float]) -> Figure:
    figure, (left, right) = canvas("Starting the whole platform", 2)
    bars(left, "portico up, until an order is confirmed", "s", seconds)
    bound(left, COLD_SECONDS, "60 s cold")
    bound(left, WARM_SECONDS, "15 s warm")
    ordered = sorted(memory.items(), key=lambda found: found[1])
    right.barh([name for name, _ in ordered], [mebibytes for _, mebibytes in ordered])
    right.set(title="resident memory", xlabel="MiB")
    right.tick_params(axis="y", labelsize="small")
    right.grid(axis="y", visible=False)
    return figure
