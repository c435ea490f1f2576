"""Discovery: how soon traffic follows an instance that registers, drains or is killed.

An instance of the product service comes and goes, 30 times each way, while 200 safe requests a second pass through the
egress, the door of all services, to it and to another instance that stays. Then every service is restarted, instance by
instance, while customers read and order through the edge.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from aiohttp import ClientSession
from matplotlib.figure import Figure

from scripts.load.percentiles import Percentiles
from scripts.secrets import DATABASES
from tests.benchmarks import sagas
from tests.benchmarks.instance import AccessLog, Egress, egress
from tests.benchmarks.load import Load, Request, Steady, meanwhile, under
from tests.benchmarks.platform import Platform, running
from tests.benchmarks.plot import canvas, steps
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.rounds import Effort
from tests.benchmarks.shop import Shop, open_shop
from tests.parts import eventually

SERVICE, COMES_AND_GOES = "product", "product-2"
SAMPLES, RATE = 30, 200.0
SERVICES = (*DATABASES, "gateway")
READS, ORDERS = 20.0, 2.0
# The interval of Consul's check, and a second.
DELISTED_MILLISECONDS = 2000.0


@dataclass
class Samples:
    """Milliseconds from what happened to what followed."""

    registered_to_first_request: list[float] = field(default_factory=list)
    drained_to_last_request: list[float] = field(default_factory=list)
    killed_to_ejected: list[float] = field(default_factory=list)
    killed_to_delisted: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Traffic:
    """Requests that went on while something happened."""

    answered: int
    failures: Mapping[str, int]

    @property
    def failed(self) -> int:
        return sum(self.failures.values())


async def run(effort: Effort) -> Report:
    """Measure, draw, and say what was reached."""
    samples = Samples()
    async with running() as platform:
        shop = await open_shop(platform)
        await platform.supervisor.scale(SERVICE, 2)
        await platform.supervisor.stop(COMES_AND_GOES)
        async with egress(platform.layout) as envoy, meanwhile(_categories(platform), RATE) as load:
            for _ in range(round(SAMPLES * effort.share)):
                await _come(platform, samples)
                await _drain(platform, samples)
                await _come(platform, samples)
                await _die(platform, envoy, samples)
        coming_and_going = Traffic(load.answered, load.failures)
        rolling = await _restart_everything(platform, shop)
    return _report(samples, coming_and_going, rolling)


def _categories(platform: Platform) -> Load:
    requests = (Request("GET", "/categories", unrecorded=True),)
    return Load(f"http://{SERVICE}", requests, socket=platform.layout.egress_socket)


async def _come(platform: Platform, samples: Samples) -> None:
    """Start the instance; it is registered when it says that it is ready."""
    log = AccessLog(platform.layout, COMES_AND_GOES)
    await platform.supervisor.start(COMES_AND_GOES)
    samples.registered_to_first_request.append(_milliseconds(time.time(), await log.first()))


async def _drain(platform: Platform, samples: Samples) -> None:
    """Stop the instance as a scale-down does; from SIGTERM on it drains."""
    log, told = AccessLog(platform.layout, COMES_AND_GOES), time.time()
    await platform.supervisor.stop(COMES_AND_GOES)
    samples.drained_to_last_request.append(max(_milliseconds(told, came) for came in (told, *log.requests())))


async def _die(platform: Platform, envoy: Egress, samples: Samples) -> None:
    """Kill the instance, and see what Envoy does until it knows it no more."""
    hosts = await envoy.hosts(SERVICE)
    address = next(address for address, host in hosts.items() if host.instance == COMES_AND_GOES)
    platform.supervisor.kill(COMES_AND_GOES)
    killed = time.time()

    async def ejected() -> bool:
        host = (await envoy.hosts(SERVICE)).get(address)
        return host is None or not host.in_rotation

    async def delisted() -> bool:
        return address not in await envoy.hosts(SERVICE)

    await eventually(ejected)
    samples.killed_to_ejected.append(_milliseconds(killed, time.time()))
    await eventually(delisted)
    samples.killed_to_delisted.append(_milliseconds(killed, time.time()))
    # It is being restarted by now, with a back-off that a fresh start begins anew.
    await platform.supervisor.stop(COMES_AND_GOES)


async def _restart_everything(platform: Platform, shop: Shop) -> Traffic:
    """Two instances of each service, each stopped and started again while customers read and order."""
    url, supervisor = platform.layout.url("edge"), platform.supervisor
    for service in SERVICES:
        await supervisor.scale(service, 2)
    reads = Load(url, tuple(await _pages(platform, shop)))
    async with meanwhile(reads, READS) as reading, meanwhile(shop.orders(url), ORDERS) as ordering:
        for service in SERVICES:
            for number in (1, 2):
                await supervisor.stop(f"{service}-{number}")
                await supervisor.start(f"{service}-{number}")
    await sagas.settled(platform)
    return Traffic(reading.answered + ordering.answered, reading.failures + ordering.failures)


async def _pages(platform: Platform, shop: Shop) -> list[Request]:
    """Reading pages that are composed from product, inventory, payment and order."""
    url = platform.layout.url("edge")
    await under(shop.orders(url), Steady(len(shop.tokens), 5.0))
    await sagas.settled(platform)
    token = shop.tokens[0]
    async with (
        ClientSession(url, headers={"Authorization": f"Bearer {token}"}) as http,
        http.get("/api/v1/orders") as response,
    ):
        orders = [order["order_id"] for order in (await response.json())["items"]]
    return [
        # What everybody gets is cached; what staff get is made for them.
        Request("GET", "/api/v1/categories", shop.staff),
        Request("GET", "/api/v1/products?limit=20", shop.staff),
        *(Request("GET", f"/api/v1/orders/{order_id}", token) for order_id in orders),
    ]


def _milliseconds(since: float, until: float) -> float:
    return max(0.0, until - since) * 1000


def _report(samples: Samples, coming_and_going: Traffic, rolling: Traffic) -> Report:
    summary = {name: Percentiles.of(values) for name, values in asdict(samples).items()}
    return Report(
        "discovery",
        samples,
        {"milliseconds": summary, "coming_and_going": coming_and_going, "rolling_restart": rolling},
        (
            Goal(
                "P5",
                "p99 from registered to first request",
                summary["registered_to_first_request"].p99,
                100,
                "ms",
            ),
            Goal("P5", "p99 from SIGTERM to last request", summary["drained_to_last_request"].p99, 100, "ms"),
            Goal("P5", "p99 from kill -9 to ejected", summary["killed_to_ejected"].p99, 100, "ms"),
            Goal(
                "P5",
                "p99 from kill -9 to delisted",
                summary["killed_to_delisted"].p99,
                DELISTED_MILLISECONDS,
                "ms",
            ),
            Goal("P5", "failed requests meanwhile", coming_and_going.failed, 0, ""),
            Goal("P5", "requests lost by restarting every service", rolling.failed, 0, ""),
        ),
        _draw(samples),
    )


def _draw(samples: Samples) -> Figure:
    figure, (left, right) = canvas(f"An instance comes and goes under {RATE:g} requests a second", 2)
    steps(
        left,
        "traffic follows",
        "ms",
        {
            "registered → first request": samples.registered_to_first_request,
            "SIGTERM → last request": samples.drained_to_last_request,
            "kill -9 → ejected": samples.killed_to_ejected,
        },
    )
    steps(right, "Consul's check follows", "ms", {"kill -9 → delisted": samples.killed_to_delisted})
    return figure
