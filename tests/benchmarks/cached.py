"""Reading what is cached: Envoy and the gateway, beside Envoy without filters and an answer that never changes.

Both pass on the same bytes with as many processes, and have the whole machine in turns. Ten products are asked for, so
a page is made anew ten times a second, and read from the gateway's memory all the other times.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession
from matplotlib.figure import Figure

from scripts.native.fetching import fetch
from scripts.supervisor import Supervisor
from tests.benchmarks.composers import portico
from tests.benchmarks.composers.agreement import PRODUCTS
from tests.benchmarks.composers.documents import product_ids
from tests.benchmarks.figures import Spread
from tests.benchmarks.load import Clients, Load, Outcome, Request
from tests.benchmarks.plain.processes import BEHIND, plain
from tests.benchmarks.platform import LAYOUT, empty_home, pids
from tests.benchmarks.plot import bars, bound, canvas
from tests.benchmarks.pressure import WRK, pressed
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.rounds import Effort
from tests.benchmarks.usage import Meter
from tests.tokens import Issuer

READ = 10
CLIENTS, SECONDS = 64, 5.0
WARM_UP = Clients(CLIENTS, 2.0)
UPSTREAM_MILLISECONDS = 2.0
SHARE = 0.6
SYSTEMS = ("Portico", "static answer")


@dataclass(frozen=True)
class System:
    """Where one of the two is, and its processes by name."""

    name: str
    url: str
    pids: Mapping[str, int]


@dataclass(frozen=True)
class Turn:
    """What came of a load on one of them, and the CPU seconds of its processes."""

    system: str
    outcome: Outcome
    cpu: Mapping[str, float]


async def run(effort: Effort) -> Report:
    """Measure, draw, and say what was reached."""
    turns: list[Turn] = []
    how = Clients(CLIENTS, effort.seconds(SECONDS))
    async with _portico() as ours, plain(LAYOUT, await _page(ours.url)) as theirs:
        systems = (ours, System(SYSTEMS[1], theirs.url, theirs.pids))
        for system in systems:
            await pressed(_load(system), WARM_UP, LAYOUT.native)
        for _ in range(effort.rounds):
            for system in systems:
                meter = Meter(system.pids)
                outcome = await pressed(_load(system), how, LAYOUT.native)
                turns.append(Turn(system.name, outcome, meter.cpu_seconds()))
    return _report(turns)


@asynccontextmanager
async def _portico() -> AsyncIterator[System]:
    """Edge and gateways as the platform runs them, with a stub behind."""
    layout = empty_home()
    await fetch(layout.native)
    await fetch(layout.native, (WRK,))
    known = portico.specs(layout)
    specs = (
        *(known[name] for name in (*portico.PARTS, "control-plane", "edge")),
        portico.stub(UPSTREAM_MILLISECONDS),
        *(known["gateway"].numbered(number + 1) for number in range(len(BEHIND))),
    )
    async with Supervisor(specs, logs=layout.logs, record=layout.process_record) as supervisor:
        await supervisor.start()
        await portico.publish_keys(layout, Issuer.make("bench"), layout.url("edge"))
        yield System(SYSTEMS[0], layout.url("edge"), pids(supervisor))


def _load(system: System) -> Load:
    return Load(system.url, tuple(Request("GET", f"{PRODUCTS}/{id}") for id in product_ids()[:READ]))


async def _page(url: str) -> bytes:
    """What both are to answer with."""
    path = f"{PRODUCTS}/{product_ids()[0]}"
    async with ClientSession(url, raise_for_status=True) as http, http.get(path) as response:
        return await response.read()


def _report(turns: Sequence[Turn]) -> Report:
    def of(system: str) -> list[Turn]:
        return [turn for turn in turns if turn.system == system]

    rate = {system: Spread.of(turn.outcome.rate for turn in of(system)) for system in SYSTEMS}
    p99 = {system: Spread.of(turn.outcome.latency.p99 for turn in of(system)) for system in SYSTEMS}
    mine, theirs = SYSTEMS
    share = rate[mine].median / rate[theirs].median
    return Report(
        "cached",
        turns,
        {
            "reads_per_second": rate,
            "p99_milliseconds": p99,
            "cpu_microseconds_per_read": {
                system: {
                    name: Spread.of(turn.cpu[name] * 1e6 / turn.outcome.answered for turn in of(system))
                    for name in of(system)[0].cpu
                }
                for system in SYSTEMS
            },
            "generator_share_of_a_core": max(it.outcome.generator_cpu / it.outcome.seconds for it in turns),
            "failures": sum(sum(turn.outcome.failures.values()) for turn in turns),
        },
        (
            Goal(
                "P4",
                "cached reads per second, of those of a static answer behind Envoy",
                share,
                SHARE,
                "",
                True,
            ),
        ),
        _draw(rate, p99),
    )


def _draw(rate: Mapping[str, Spread], p99: Mapping[str, Spread]) -> Figure:
    figure, (left, right) = canvas("A cached read through Envoy", 2)
    bars(left, f"{CLIENTS} clients", "reads per second", rate)
    bound(left, SHARE * rate[SYSTEMS[1]].median, f"{SHARE:.0%}")
    bars(right, f"{CLIENTS} clients", "p99 of the answer, ms", p99)
    return figure
