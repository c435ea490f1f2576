"""What telemetry costs on the way of an order: the platform with its collector, and without it and without any tracing.

Both take turns, each turn on a platform that is started afresh with empty databases. First 200 clients wait for
their answers, until the last saga has ended; then orders arrive at a steady rate. CPU is that of all processes of the
platform, the collector and the parts among them, for each order that was accepted, its saga included.
"""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from tests.benchmarks import sagas
from tests.benchmarks.figures import Spread
from tests.benchmarks.load import Clients, How, Steady, under
from tests.benchmarks.platform import running
from tests.benchmarks.plot import bars, canvas
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.rounds import Effort, Round, measure, spreads
from tests.benchmarks.shop import open_shop

CLIENTS, CLIENTS_SECONDS = 200, 5.0
RATE, STEADY_SECONDS = 100.0, 6.0
WARM_UP = Clients(20, 3.0)
ON, OFF = "with telemetry", "without"
SYSTEMS: Mapping[str, bool] = {ON: True, OFF: False}
MOST_COST = 10.0


async def run(effort: Effort) -> Report:
    """Measure, draw, and say what was reached."""
    hows = (Clients(CLIENTS, effort.seconds(CLIENTS_SECONDS)), Steady(RATE, effort.seconds(STEADY_SECONDS)))
    rounds: list[Round] = []
    for number in range(effort.rounds):
        # Whoever goes first finds the machine colder.
        systems = tuple(SYSTEMS.items())[:: 1 if number % 2 else -1]
        for system, telemetry in systems:
            rounds += await _turn(system, hows, telemetry=telemetry)
    return _report(rounds)


async def _turn(system: str, hows: Sequence[How], *, telemetry: bool) -> list[Round]:
    async with running(telemetry=telemetry) as platform:
        orders = (await open_shop(platform)).orders(platform.layout.url("edge"))
        await under(orders, WARM_UP)
        await sagas.settled(platform)
        return [
            await measure(
                system,
                platform.layout,
                platform.pids(),
                orders,
                how,
                until=lambda: sagas.settled(platform),
            )
            for how in hows
        ]


def _report(rounds: Sequence[Round]) -> Report:
    rate = spreads(rounds, SYSTEMS, Clients, lambda round: round.outcome.rate)
    cpu = spreads(
        rounds, SYSTEMS, Clients, lambda round: 1000 * sum(round.cpu.values()) / round.outcome.answered
    )
    p99 = spreads(rounds, SYSTEMS, Steady, lambda round: round.outcome.latency.p99)
    memory = spreads(rounds, SYSTEMS, Steady, lambda round: sum(round.memory_after.values()))
    return Report(
        "telemetry",
        rounds,
        {
            f"orders_per_second_of_{CLIENTS}_clients": rate,
            "cpu_milliseconds_per_order": cpu,
            f"p99_milliseconds_at_{RATE:g}_per_second": p99,
            "resident_mebibytes": memory,
        },
        (
            Goal(
                "O1",
                f"fewer orders per second of {CLIENTS} clients for telemetry",
                100 * (1 - rate[ON].median / rate[OFF].median),
                MOST_COST,
                "%",
            ),
            Goal("P6", "resident memory of the whole platform with telemetry", memory[ON].most, 2560, "MiB"),
        ),
        _draw(rate, cpu),
    )


def _draw(rate: dict[str, Spread], cpu: dict[str, Spread]) -> Figure:
    figure, (left, right) = canvas("What telemetry costs an order of three lines", 2)
    bars(left, f"{CLIENTS} clients", "orders accepted per second", rate)
    bars(right, "with its saga, all processes", "CPU per order, ms", cpu)
    return figure
