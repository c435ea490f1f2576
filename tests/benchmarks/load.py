"""Load, mostly from a process of its own, so that it is not held up by what supervises the platform."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice, takewhile
from pathlib import Path
from uuid import uuid4

import uvloop
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, UnixConnector

from scripts.load.loops import Pace, closed_loop, open_loop
from scripts.load.percentiles import Percentiles
from tests.benchmarks import outside

REQUEST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request; each time it is sent it gets a new Idempotency-Key if it has a body."""

    method: str
    path: str
    token: str = ""
    body: bytes | None = None
    unrecorded: bool = False
    """Whether it belongs to a trace that is not recorded, as do most calls of the gateway under load."""

    def headers(self) -> dict[str, str]:
        """What goes with it this time."""
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = {"Content-Type": "application/json", "Idempotency-Key": uuid4().hex} if self.body else {}
        trace = {"traceparent": f"00-{uuid4().hex}-{uuid4().hex[:16]}-00"} if self.unrecorded else {}
        return authorization | content | trace


@dataclass(frozen=True)
class Load:
    """Requests sent again and again in turn, each to be answered with `status`; over `socket`, if it is given."""

    url: str
    requests: tuple[Request, ...]
    status: int = 200
    socket: Path | None = None


@dataclass(frozen=True)
class Steady:
    """So many requests a second, whatever comes back."""

    rate: float
    seconds: float


@dataclass(frozen=True)
class Clients:
    """So many clients, each sending its next request when its last one is answered."""

    count: int
    seconds: float


How = Steady | Clients


@dataclass(frozen=True)
class Outcome:
    """What came of a load. Latencies are milliseconds, of what was answered as it should be."""

    sent: int
    answered: int
    seconds: float
    rate: float
    latency: Percentiles
    failures: Mapping[str, int]
    behind: float
    generator_cpu: float


async def under(load: Load, how: How) -> Outcome:
    """Send the load from a process of its own; return when the last request is answered."""
    return await outside.result(_run, load, how)


@asynccontextmanager
async def meanwhile(load: Load, rate: float) -> AsyncIterator["Sender"]:
    """Send so many requests a second from this process while the block runs; at the end all are answered."""
    over = asyncio.Event()
    async with sender(load) as sending:
        requests = takewhile(lambda _: not over.is_set(), cycle(load.requests))
        running = asyncio.create_task(open_loop(sending.send, requests, rate))
        try:
            yield sending
        finally:
            over.set()
            await running


def _run(load: Load, how: How) -> Outcome:
    return uvloop.run(_send_all(load, how))


async def _send_all(load: Load, how: How) -> Outcome:
    endless = cycle(load.requests)
    async with sender(load) as sending:
        match how:
            case Steady(rate, seconds):
                pace = await open_loop(sending.send, islice(endless, round(rate * seconds)), rate)
            case Clients(count, seconds):
                pace = await closed_loop(sending.send, _until(endless, seconds), count)
        return sending.outcome(pace)


def _until(requests: Iterator[Request], seconds: float) -> Iterator[Request]:
    end = time.perf_counter() + seconds
    return takewhile(lambda _: time.perf_counter() < end, requests)


@asynccontextmanager
async def sender(load: Load) -> AsyncIterator["Sender"]:
    """What sends a load, with connections of its own."""
    timeout = ClientTimeout(total=REQUEST_SECONDS)
    connector = UnixConnector(str(load.socket), limit=0) if load.socket else TCPConnector(limit=0)
    async with ClientSession(load.url, connector=connector, timeout=timeout) as http:
        yield Sender(http, load.status)


class Sender:
    """Sends requests, and remembers how long the good answers took and what the others were."""

    def __init__(self, http: ClientSession, status: int) -> None:
        self._http = http
        self._status = status
        self._milliseconds: list[float] = []
        self.failures: Counter[str] = Counter()

    @property
    def answered(self) -> int:
        """How many were answered as they should be."""
        return len(self._milliseconds)

    async def send(self, request: Request) -> None:
        """One request, answered or failed."""
        began = time.perf_counter()
        try:
            async with self._http.request(
                request.method, request.path, data=request.body, headers=request.headers()
            ) as response:
                await response.read()
        except (ClientError, TimeoutError) as error:
            self.failures[type(error).__name__] += 1
            return
        if response.status == self._status:
            self._milliseconds.append((time.perf_counter() - began) * 1000)
        else:
            self.failures[str(response.status)] += 1

    def outcome(self, pace: Pace) -> Outcome:
        """What came of all that was sent."""
        return Outcome(
            sent=pace.sent,
            answered=self.answered,
            seconds=pace.seconds,
            rate=self.answered / pace.seconds,
            latency=Percentiles.of(self._milliseconds),
            failures=dict(self.failures),
            behind=pace.behind,
            generator_cpu=pace.cpu_seconds,
        )
