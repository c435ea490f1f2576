"""Growth: the same operations on a platform that has ten times as many orders, products and accounts.

Five thousand of each are stored, then fifty thousand. At both sizes each operation is done at a steady rate for some
rounds, on things drawn from all over the mass; and MongoDB's profiler tells how much its queries look at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import orjson
from matplotlib.figure import Figure

from tests.benchmarks import mass, sagas
from tests.benchmarks.figures import Spread
from tests.benchmarks.load import Clients, Load, Outcome, Request, Steady, under
from tests.benchmarks.mass import fill, make_template
from tests.benchmarks.platform import Platform, running
from tests.benchmarks.plot import canvas, plain_numbers, reach
from tests.benchmarks.queries import Query, profiled
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.rounds import Effort
from tests.benchmarks.shop import Shop, open_shop

SIZES = (1, 10)
COPIES = 50
SECONDS = 4.0
DRAWN = 300
WARM_UP = Clients(4, 2.0)
PROFILED = Clients(1, 0.5)
MOST_GROWTH = 1.5


@dataclass(frozen=True)
class Operation:
    """Something that clients do, so many times a second."""

    name: str
    rate: float
    load: Load


@dataclass(frozen=True)
class Measured:
    """An operation at one size: its rounds, and the queries that it makes."""

    operation: str
    size: int
    rounds: Sequence[Outcome]
    queries: Sequence[Query]

    @property
    def p99(self) -> Spread:
        return Spread.of(outcome.latency.p99 for outcome in self.rounds)


async def run(effort: Effort) -> Report:
    """Measure, draw, and say what was reached."""
    measured: list[Measured] = []
    async with running() as platform:
        shop = await open_shop(platform)
        template = await make_template(platform, shop)
        stored = 0
        for size in SIZES:
            await fill(platform, template, range(stored + 1, COPIES * size + 1))
            stored = COPIES * size
            for operation in await _operations(platform, shop, stored):
                measured.append(await _measure(platform, operation, size, effort))
    return _report(measured)


async def _operations(platform: Platform, shop: Shop, copies: int) -> list[Operation]:
    """What customers do, on a platform with so many copies of the mass."""
    url, random = platform.layout.url("edge"), Random(copies)
    made = copies * mass.MADE
    numbers = random.sample(range(made), DRAWN)

    def reads(paths: Iterable[str]) -> Load:
        return Load(url, tuple(Request("GET", f"/api/v1/{path}") for path in paths))

    return [
        Operation("place an order", 40.0, shop.orders(url)),
        Operation("read an order", 60.0, Load(url, await _order_pages(platform, shop))),
        Operation("list own orders", 60.0, Load(url, _histories(shop))),
        Operation("list products", 60.0, reads(["products?limit=20"])),
        Operation("search", 60.0, reads(f"products?q={mass.kind(n // mass.OF_A_KIND)}" for n in numbers)),
        Operation("read a product", 60.0, reads(f"products/{mass.slug(n)}" for n in numbers)),
        Operation("log in", 8.0, Load(url, tuple(_log_in(n) for n in numbers))),
    ]


async def _order_pages(platform: Platform, shop: Shop) -> tuple[Request, ...]:
    """Any orders, each read by who placed it."""
    tokens = dict(zip(shop.user_ids, shop.tokens, strict=True))
    found = await sagas.orders(platform).aggregate(
        [{"$sample": {"size": DRAWN}}, {"$project": {"user_id": "$order.user_id"}}]
    )
    return tuple(
        Request("GET", f"/api/v1/orders/{order['_id']}", tokens[order["user_id"]])
        for order in await found.to_list()
    )


def _histories(shop: Shop) -> tuple[Request, ...]:
    return tuple(Request("GET", "/api/v1/orders?limit=20", token) for token in shop.tokens)


def _log_in(number: int) -> Request:
    body = {"email": mass.email(number), "password": mass.PASSWORD}
    return Request("POST", "/api/v1/auth/login", body=orjson.dumps(body))


async def _measure(platform: Platform, operation: Operation, size: int, effort: Effort) -> Measured:
    await under(operation.load, WARM_UP)
    steady = Steady(operation.rate, effort.seconds(SECONDS))
    rounds = [await under(operation.load, steady) for _ in range(effort.rounds)]
    await sagas.settled(platform)
    async with profiled(platform) as queries:
        await under(operation.load, PROFILED)
        await sagas.settled(platform)
    return Measured(operation.name, size, rounds, queries)


def _report(measured: Sequence[Measured]) -> Report:
    small, large = ({it.operation: it for it in measured if it.size == size} for size in SIZES)
    growth = {name: large[name].p99.median / small[name].p99.median for name in small}
    looked_at = {name: (_most_examined(small[name]), _most_examined(large[name])) for name in small}
    return Report(
        "growth",
        measured,
        {
            "stored_of_each": [size * COPIES * mass.MADE for size in SIZES],
            "p99_milliseconds": {name: (small[name].p99, large[name].p99) for name in small},
            "times_the_p99": growth,
            "most_documents_or_keys_examined_by_a_query": looked_at,
        },
        [
            *(
                Goal("P7", f"{name}: p99 with ten times the mass", it, MOST_GROWTH, "times")
                for name, it in growth.items()
            ),
            Goal(
                "P7",
                "documents or index keys examined by a query with ten times the mass, at worst",
                max(after / max(before, 1) for before, after in looked_at.values()),
                MOST_GROWTH,
                "times",
            ),
        ],
        _draw(small, large, growth),
    )


def _most_examined(measured: Measured) -> int:
    return max((max(query.documents_examined, query.keys_examined) for query in measured.queries), default=0)


def _draw(
    small: Mapping[str, Measured], large: Mapping[str, Measured], growth: Mapping[str, float]
) -> Figure:
    stored = [f"{size * COPIES * mass.MADE:,} of each" for size in SIZES]
    figure, (left, right) = canvas("The same operations with ten times the orders, products and accounts", 2)
    for row, measured, text in ((-0.2, small, stored[0]), (0.2, large, stored[1])):
        spreads = [it.p99 for it in measured.values()]
        places = [place + row for place in range(len(spreads))]
        left.barh(places, [it.median for it in spreads], 0.36, xerr=reach(spreads), capsize=2, label=text)
    left.set_yticks(range(len(small)), list(small))
    left.set(title="p99", xlabel="ms", xscale="log")
    plain_numbers(left.xaxis)
    left.legend(loc="lower right")
    right.barh(list(growth), list(growth.values()), 0.5)
    right.axvline(MOST_GROWTH, color="0.3", linestyle="--", linewidth=1)
    right.set(title="p99, times that of the smaller mass", xlabel="times")
    for axes in (left, right):
        axes.invert_yaxis()
        axes.grid(axis="x", visible=True)
        axes.grid(axis="y", visible=False)
    return figure
