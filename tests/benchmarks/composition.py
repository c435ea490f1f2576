"""Composing pages: Portico's gateway beside FastAPI with httpx and Fastify with undici.

All three compose a product page (the product, then its stock and related ones at once) and an order page (the order
and its payment at once) of the same answers by the same services, which take 2 or 10 ms. Each is one process on the
same core; services, load generator and all else have the others. 64 clients wait for their answers. They take turns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.benchmarks.composers.agreement import ORDERS, PRODUCTS, agreed
from tests.benchmarks.composers.documents import order_ids, product_ids
from tests.benchmarks.composers.processes import COMPOSERS, Composers, composers, versions
from tests.benchmarks.cores import one_core_free
from tests.benchmarks.figures import Spread
from tests.benchmarks.load import Clients, Load, Outcome, Request
from tests.benchmarks.platform import LAYOUT
from tests.benchmarks.plot import bars, canvas
from tests.benchmarks.pressure import pressed
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.rounds import Effort
from tests.benchmarks.usage import Meter

LATENCIES = (2.0, 10.0)
CLIENTS, SECONDS = 64, 3.0
# Node compiles what it has seen often.
WARM_UP = Clients(CLIENTS, 2.0)
# So many products are read from the cache: of each, one page a second is composed.
READ = 10
PRODUCT_PAGE, ORDER_PAGE, FROM_CACHE = "product page", "order page", "product page from the cache"
# What is told of CPU beside the composer's own: the parts of the gateway that are not in its process.
BESIDE = ("stub", "redis", "consul", "rabbitmq")
TIMES: Mapping[str, float] = {"FastAPI": 3.0, "Fastify": 1.0}


@dataclass(frozen=True)
class Turn:
    """What came of one page's load on one composer, and the CPU seconds of who had to do with it."""

    composer: str
    page: str
    latency_milliseconds: float
    outcome: Outcome
    cpu: Mapping[str, float]


async def run(effort: Effort) -> Report:
    """Measure, draw, and say what was reached."""
    turns: list[Turn] = []
    with one_core_free() as core:
        for milliseconds in LATENCIES:
            async with composers(milliseconds, core) as running:
                await agreed(running)
                turns += await _turns(running, milliseconds, effort)
    return _report(turns)


async def _turns(running: Composers, milliseconds: float, effort: Effort) -> list[Turn]:
    how = Clients(CLIENTS, effort.seconds(SECONDS))
    loads = [
        (page, composer, Load(running.urls[composer], requests))
        for page, requests in _requests(running).items()
        for composer in (COMPOSERS if page != FROM_CACHE else COMPOSERS[:1])
    ]
    turns = []
    for _, _, load in loads:
        await pressed(load, WARM_UP, LAYOUT.native)
    for _ in range(effort.rounds):
        for page, composer, load in loads:
            meter = Meter({name: running.pids[name] for name in (composer, *BESIDE)})
            outcome = await pressed(load, how, LAYOUT.native)
            turns.append(Turn(composer, page, milliseconds, outcome, meter.cpu_seconds()))
    return turns


def _requests(running: Composers) -> dict[str, tuple[Request, ...]]:
    """Staff look at products, because theirs are composed each time: what is everybody's comes from the cache."""
    products = [f"{PRODUCTS}/{id}" for id in product_ids()]
    orders = [f"{ORDERS}/{id}" for id in order_ids()]
    return {
        PRODUCT_PAGE: tuple(Request("GET", path, running.staff) for path in products),
        ORDER_PAGE: tuple(Request("GET", path, running.customer) for path in orders),
        FROM_CACHE: tuple(Request("GET", path) for path in products[:READ]),
    }


Figures = dict[str, dict[float, dict[str, Spread]]]
"""By page, latency and composer."""


def _report(turns: Sequence[Turn]) -> Report:
    def figures(figure: Callable[[Turn], float]) -> Figures:
        return {
            page: {
                latency: {
                    composer: Spread.of(figure(turn) for turn in turns if _is(turn, page, latency, composer))
                    for composer in COMPOSERS
                    if any(_is(turn, page, latency, composer) for turn in turns)
                }
                for latency in LATENCIES
            }
            for page in (PRODUCT_PAGE, ORDER_PAGE, FROM_CACHE)
        }

    rate, p99 = figures(lambda turn: turn.outcome.rate), figures(lambda turn: turn.outcome.latency.p99)
    return Report(
        "composition",
        turns,
        {
            "pages_per_second": _listed(rate),
            "p99_milliseconds": _listed(p99),
            "cpu_milliseconds_per_page": _listed(figures(_cost)),
            "generator_share_of_its_core": max(it.outcome.generator_cpu / it.outcome.seconds for it in turns),
            "stub_share_of_its_core": max(it.cpu["stub"] / it.outcome.seconds for it in turns),
            "versions": versions(LAYOUT),
            "failures": sum(sum(turn.outcome.failures.values()) for turn in turns),
        },
        [goal for page in (PRODUCT_PAGE, ORDER_PAGE) for goal in _goals(page, rate[page], p99[page])],
        _draw(rate, p99),
    )


def _is(turn: Turn, page: str, latency: float, composer: str) -> bool:
    return (turn.page, turn.latency_milliseconds, turn.composer) == (page, latency, composer)


def _cost(turn: Turn) -> float:
    """CPU of the composer alone, in ms a page."""
    return turn.cpu[turn.composer] * 1000 / turn.outcome.answered


def _goals(
    page: str, rate: Mapping[float, Mapping[str, Spread]], p99: Mapping[float, Mapping[str, Spread]]
) -> list[Goal]:
    """The worse of the two latencies counts."""
    goals = []
    for rival, times in TIMES.items():
        faster = min(it["Portico"].median / it[rival].median for it in rate.values())
        later = max(it["Portico"].median / it[rival].median for it in p99.values())
        goals += [
            Goal("P3", f"{page}: requests per second, times {rival}'s", faster, times, "times", True),
            Goal("P3", f"{page}: p99, times {rival}'s", later, 1.0, "times"),
        ]
    return goals


def _listed(figures: Figures) -> dict[str, dict[str, dict[str, Spread]]]:
    """With keys that JSON can have."""
    return {
        page: {f"services take {latency:g} ms": spreads for latency, spreads in by_latency.items()}
        for page, by_latency in figures.items()
    }


def _draw(rate: Figures, p99: Figures) -> Figure:
    figure, axes = canvas("Composing a page, one process on one core", 4)
    pages = (PRODUCT_PAGE, ORDER_PAGE)
    for column, page in zip(axes[:2], pages, strict=True):
        _grouped(column, page, "pages per second", rate[page])
    for column, page in zip(axes[2:], pages, strict=True):
        _grouped(column, page, "p99 of the answer, ms", p99[page])
    return figure


def _grouped(axes: Axes, page: str, unit: str, figures: Mapping[float, Mapping[str, Spread]]) -> None:
    named = {
        f"{composer}\n{latency:g} ms": spread
        for latency, spreads in figures.items()
        for composer, spread in spreads.items()
    }
    bars(axes, page, unit, named)
    axes.tick_params(axis="x", labelsize="x-small")
