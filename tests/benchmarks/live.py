"""Live: what open WebSockets cost one gateway, and how late an event is while they are open.

More and more of them are opened through Envoy, each with a ticket, up to what one gateway takes. At each number orders
are placed at a steady rate by customers who watch, and then its memory is taken. An event is as late as it comes after
the time that it carries, which is when the order service began to write it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle

import orjson
import uvloop
from aiohttp import ClientSession, ClientTimeout, ClientWebSocketResponse, TCPConnector, WSMsgType
from matplotlib.figure import Figure

from scripts.load.customers import signed_in
from scripts.load.loops import closed_loop, open_loop
from scripts.load.percentiles import Percentiles
from scripts.platform import load_credentials
from services.chassis.background import background
from services.chassis.open_files import allow_open_files
from tests.benchmarks import outside, sagas
from tests.benchmarks.figures import Spread
from tests.benchmarks.load import Load, Request, Sender
from tests.benchmarks.platform import Platform, running
from tests.benchmarks.plot import bound, canvas, reach
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.rounds import Effort
from tests.benchmarks.shop import Shop, open_shop
from tests.benchmarks.usage import resident
from tests.parts import eventually

STREAMS = (0, 400, 1000, 2000)
OF_ONE = 10
RATE = 10.0
SECONDS = 8.0
OPENED_AT_ONCE = 20
# Two of its heartbeats: each socket has been asked by then whether it is still there.
SETTLE_SECONDS = 20.0
STATUSES = 4
MOST_KIBIBYTES = 64.0
MOST_MILLISECONDS = 250.0
LIVE = "/api/v1/live"


@dataclass(frozen=True)
class Watched:
    """What was measured with so many streams open: milliseconds, MiB, CPU seconds, and messages that never came."""

    streams: int
    latency: Percentiles
    messages: int
    missing: int
    memory: Mapping[str, float]
    orders: int
    failures: Mapping[str, int]
    generator_cpu: float


@dataclass(frozen=True)
class Plan:
    """What the process that watches and orders is told."""

    load: Load
    tokens: tuple[str, ...]
    pids: Mapping[str, int]
    rounds: int
    seconds: float
    settle: float


async def run(effort: Effort) -> Report:
    """Measure, draw, and say what was reached."""
    async with running() as platform:
        shop = await open_shop(platform)
        plan = await _plan(platform, shop, effort)
        # In a process of its own, so that it is not held up by what supervises the platform.
        measured = await outside.result(_run, plan)
        await sagas.settled(platform)
    return _report(measured)


async def _plan(platform: Platform, shop: Shop, effort: Effort) -> Plan:
    """Whoever watches orders, too; nobody has so many streams that they are refused one."""
    url, password = platform.layout.url("edge"), load_credentials(platform.layout).customer.password
    async with signed_in(url, password, STREAMS[-1] // OF_ONE) as customers:
        tokens = tuple(customer.token for customer in customers)
    bodies = [request.body for request in shop.orders(url).requests]
    orders = (Request("POST", "/api/v1/orders", token, body) for token, body in zip(cycle(tokens), bodies))
    names = ("gateway-1", "edge")
    return Plan(
        Load(url, tuple(orders), 202),
        tokens,
        {name: platform.pids()[name] for name in names},
        effort.rounds,
        effort.seconds(SECONDS),
        effort.seconds(SETTLE_SECONDS),
    )


def _run(plan: Plan) -> list[Watched]:
    allow_open_files()
    return uvloop.run(_measure(plan))


async def _measure(plan: Plan) -> list[Watched]:
    measured: list[Watched] = []
    async with (
        ClientSession(
            plan.load.url, connector=TCPConnector(limit=0), timeout=ClientTimeout(total=60)
        ) as http,
        AsyncExitStack() as stack,
    ):
        audience = Audience(http, plan.tokens)
        for streams in STREAMS:
            await audience.grow(stack, streams)
            await asyncio.sleep(plan.settle)
            # With nobody watching, this warms the platform up.
            for _ in range(plan.rounds):
                measured.append(await _watch(plan, http, audience))
    return measured


async def _watch(plan: Plan, http: ClientSession, audience: "Audience") -> Watched:
    """Order at a steady rate, and wait until all of it has been told to all who watch."""
    audience.late.clear()
    sending = Sender(http, plan.load.status)
    orders = round(RATE * plan.seconds)
    requests = [request for request, _ in zip(cycle(plan.load.requests), range(orders))]
    pace = await open_loop(sending.send, requests, RATE)
    expected = sending.answered * STATUSES * len(audience) // len(plan.tokens)
    await audience.heard(expected)
    return Watched(
        len(audience),
        Percentiles.of(audience.late),
        len(audience.late),
        expected - len(audience.late),
        resident(plan.pids),
        sending.answered,
        dict(sending.failures),
        pace.cpu_seconds,
    )


class Audience:
    """Open streams, of all customers in turn, and how late (milliseconds) each event came to each of them."""

    def __init__(self, http: ClientSession, tokens: Sequence[str]) -> None:
        self.late: list[float] = []
        self._http = http
        self._tokens = tokens
        self._open = 0

    def __len__(self) -> int:
        return self._open

    async def grow(self, stack: AsyncExitStack, streams: int) -> None:
        """Open more, up to so many, and keep them until the stack is left."""

        async def open_one(token: str) -> None:
            await self._watch(stack, token)

        tokens = [self._tokens[number % len(self._tokens)] for number in range(self._open, streams)]
        await closed_loop(open_one, tokens, OPENED_AT_ONCE)
        self._open = streams

    async def heard(self, messages: int) -> None:
        """Wait until so many events have come, but not for ever."""
        with suppress(AssertionError):
            await eventually(lambda: len(self.late) >= messages)

    async def _watch(self, stack: AsyncExitStack, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with self._http.post(f"{LIVE}/tickets", headers=headers, raise_for_status=True) as response:
            ticket = orjson.loads(await response.read())["ticket"]
        socket = await stack.enter_async_context(self._http.ws_connect(LIVE, params={"ticket": ticket}))
        await socket.receive_str()
        await stack.enter_async_context(background("stream", lambda: self._listen(socket)))

    async def _listen(self, socket: ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                at = datetime.fromisoformat(orjson.loads(message.data)["data"]["at"])
                self.late.append((time.time() - at.timestamp()) * 1000)


def _report(measured: Sequence[Watched]) -> Report:
    sizes = {streams: [it for it in measured if it.streams == streams] for streams in STREAMS if streams}
    memory = {it.streams: it.memory for it in measured}
    most = STREAMS[-1]
    kibibytes = {name: (memory[most][name] - memory[0][name]) * 1024 / most for name in ("gateway-1", "edge")}
    p50 = {size: Spread.of(it.latency.p50 for it in rounds) for size, rounds in sizes.items()}
    p99 = {size: Spread.of(it.latency.p99 for it in rounds) for size, rounds in sizes.items()}
    missing = sum(it.missing for it in measured if it.streams)
    return Report(
        "live",
        measured,
        {
            "kibibytes_of_a_stream": kibibytes,
            "milliseconds": {f"{size}": {"p50": p50[size], "p99": p99[size]} for size in sizes},
            "missing": missing,
        },
        (
            Goal(
                "G12",
                "memory of one open stream in the gateway",
                kibibytes["gateway-1"],
                MOST_KIBIBYTES,
                "KiB",
            ),
            Goal(
                "G12", f"an event, p99, with {most:,} streams open", p99[most].median, MOST_MILLISECONDS, "ms"
            ),
            Goal("G12", "events that did not come", missing, 0, ""),
        ),
        _draw(memory, p50, p99),
    )


def _draw(
    memory: Mapping[int, Mapping[str, float]], p50: Mapping[int, Spread], p99: Mapping[int, Spread]
) -> Figure:
    figure, (left, right) = canvas("Live updates of one gateway", 2)
    for name in ("gateway-1", "edge"):
        left.plot(list(memory), [found[name] for found in memory.values()], marker="o", label=name)
    left.set(title="resident memory", xlabel="open streams", ylabel="MiB", ylim=0)
    for text, spreads in (("p50", p50), ("p99", p99)):
        medians = [spread.median for spread in spreads.values()]
        right.errorbar(
            list(spreads), medians, reach(list(spreads.values())), marker="o", capsize=2, label=text
        )
    bound(right, MOST_MILLISECONDS, f"{MOST_MILLISECONDS:g} ms")
    right.set(title="how late an event is", xlabel="open streams", ylabel="ms", ylim=0)
    for axes in (left, right):
        axes.legend(loc="upper left")
    return figure
