"""Sagas: how long an order takes from accepted to CONFIRMED, and how many can be carried through at once.

Orders of three lines over many skus arrive at 50, 100 and 200 a second, for several rounds. Between the rounds the
limit is measured: the same transactions and messages and nothing else, from one Python process. Then ever closer
steps look for the highest rate at which, over half a minute, no backlog of unfinished sagas builds up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from matplotlib.figure import Figure

from scripts.native import rabbitmq
from scripts.platform import load_secrets
from tests.benchmarks import sagas
from tests.benchmarks.figures import Spread
from tests.benchmarks.limit import Limit, limit
from tests.benchmarks.load import Clients, Load, Steady, under
from tests.benchmarks.platform import Platform, root_url, running
from tests.benchmarks.plot import bars, bound, canvas, plain_numbers, reach
from tests.benchmarks.recording import Recording, record
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.rounds import Effort, Round, measure
from tests.benchmarks.sagas import Ended
from tests.benchmarks.shop import open_shop
from tests.benchmarks.sustained import LOOK_SECONDS, Step, highest_sustained

RATES, SECONDS = (50.0, 100.0, 200.0), 8.0
LIMIT_SECONDS = 4.0
PERCENTILES = ("p50", "p95", "p99")
WARM_UP = Clients(10, 3.0)


@dataclass(frozen=True)
class Sagas:
    """Orders that arrived at a steady rate, and what became of them."""

    rate: float
    accepting: Round
    ended: Ended


async def run(effort: Effort) -> Report:
    """Measure, draw, and say what was reached."""
    rounds: list[Sagas] = []
    limits: list[Limit] = []
    async with running() as platform:
        orders = (await open_shop(platform)).orders(platform.layout.url("edge"))
        await under(orders, WARM_UP)
        recording = await record(platform, orders.requests[0])
        for _ in range(effort.rounds):
            for rate in RATES:
                rounds.append(await _sagas(platform, orders, Steady(rate, effort.seconds(SECONDS))))
            limits.append(await _limit(platform, recording, effort.seconds(LIMIT_SECONDS)))
        steps = await highest_sustained(platform, orders, effort)
    return _report(rounds, limits, steps, recording)


async def _sagas(platform: Platform, orders: Load, how: Steady) -> Sagas:
    began = datetime.now(UTC)
    accepting = await measure("Portico", platform.layout, platform.pids(), orders, how)
    await sagas.settled(platform)
    return Sagas(how.rate, accepting, await sagas.ended_since(platform, began))


async def _limit(platform: Platform, recording: Recording, seconds: float) -> Limit:
    layout = platform.layout
    amqp = rabbitmq.url(layout, load_secrets(layout))
    return await limit(recording, root_url(layout, "limit"), amqp, seconds)


def _report(
    rounds: Sequence[Sagas], limits: Sequence[Limit], steps: Sequence[Step], recording: Recording
) -> Report:
    latency = {
        f"{rate:g}": {
            name: Spread.of(getattr(it.ended.latency, name) for it in rounds if it.rate == rate)
            for name in PERCENTILES
        }
        for rate in RATES
    }
    sustained = max((step.rate for step in steps if step.sustained), default=0.0)
    bare = Spread.of(it.rate for it in limits)
    return Report(
        "saga",
        {"sagas": rounds, "limit": limits, "steps": steps},
        {
            "milliseconds_from_accepted_to_confirmed_by_rate": latency,
            "cpu_milliseconds_per_order_by_rate": _cpu(rounds),
            "highest_sustained_rate": sustained,
            "orders_per_second_of_the_limit": bare,
            "work_of_one_order": _work(recording),
        },
        (
            Goal(
                "P2",
                "p99 from accepted to CONFIRMED at 100 a second",
                latency["100"]["p99"].median,
                500,
                "ms",
            ),
            Goal("P2", "highest sustained rate", sustained, 300, "orders/s", at_least=True),
            Goal("P2", "the limit, times as many", bare.median / max(sustained, 1.0), 2, "times"),
        ),
        _draw(latency, steps, sustained, bare),
    )


def _cpu(rounds: Sequence[Sagas]) -> dict[str, dict[str, float]]:
    """What an order costs each process, by rate; the median of the rounds."""
    return {
        f"{rate:g}": {
            name: round(
                median(
                    it.accepting.cpu[name] * 1000 / it.accepting.outcome.sent
                    for it in rounds
                    if it.rate == rate
                ),
                3,
            )
            for name in rounds[0].accepting.cpu
        }
        for rate in RATES
    }


def _work(recording: Recording) -> dict[str, int]:
    return {
        "transactions": len(recording),
        "documents": sum(len(transaction.writes) for transaction in recording),
        "messages": sum(len(transaction.messages) for transaction in recording),
    }


def _draw(
    latency: dict[str, dict[str, Spread]], steps: Sequence[Step], sustained: float, bare: Spread
) -> Figure:
    figure, (left, middle, right) = canvas("Orders of three lines, from accepted to CONFIRMED", 3)
    for name in PERCENTILES:
        spreads = [latency[rate][name] for rate in latency]
        left.errorbar(
            list(latency),
            [it.median for it in spreads],
            yerr=reach(spreads),
            label=name,
            marker="o",
            capsize=4,
        )
    left.set(title="latency", xlabel="orders per second", ylabel="ms", yscale="log")
    plain_numbers(left.yaxis)
    left.legend()
    for step in sorted(steps, key=lambda step: step.rate):
        style = "-" if step.sustained else ":"
        seconds = [LOOK_SECONDS * (number + 1) for number in range(len(step.backlog))]
        middle.plot(seconds, step.backlog, style, label=f"{step.rate:g}/s")
    middle.set(title="unfinished sagas", xlabel="s", ylabel="sagas (dotted: not sustained)")
    middle.legend()
    bars(right, "throughput", "orders per second", {"sustained": Spread.of([sustained]), "limit": bare})
    bound(right, 300, "300/s")
    return figure
