"""The two ways to make load: at a given rate whatever comes back, or by so many clients that wait for their answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from services.chassis.together import together

T = TypeVar("T")
Send = Callable[[T], Awaitable[object]]

MOST_IN_FLIGHT = 4096


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run went, in seconds: `behind` is the longest that anything was sent after its time, `cpu_seconds` what
    this process worked meanwhile. An open loop that falls behind measures itself, not the platform.
    """

    sent: int
    seconds: float
    behind: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """How many were sent and answered in a second."""
        return self.sent / self.seconds if self.seconds else 0.0


async def open_loop(
    send: Send[T], items: Iterable[T], rate: float, most_in_flight: int = MOST_IN_FLIGHT
) -> Pace:
    """Send so many items a second, answered or not; with `most_in_flight` unanswered ones the next has to wait.

    Returns when the last is answered. `items` may be endless as long as something ends it in time.
    """
    stopwatch, behind, sent = _Stopwatch(), 0.0, 0
    places = asyncio.Semaphore(most_in_flight)

    async def one(item: T) -> None:
        try:
            await send(item)
        finally:
            places.release()

    async with together() as group:
        for item in items:
            await asyncio.sleep(max(0.0, sent / rate - stopwatch.seconds))
            await places.acquire()
            behind = max(behind, stopwatch.seconds - sent / rate)
            group.create_task(one(item))
            sent += 1
    return stopwatch.pace(sent, behind)


async def closed_loop(send: Send[T], items: Iterable[T], clients: int) -> Pace:
    """Let so many clients send, each the next item as soon as its last one is answered; the first failure ends it."""
    stopwatch, sent = _Stopwatch(), 0
    waiting = iter(items)

    async def client() -> None:
        nonlocal sent
        for item in waiting:
            await send(item)
            sent += 1

    async with together() as group:
        for _ in range(clients):
            group.create_task(client())
    return stopwatch.pace(sent, behind=0.0)


class _Stopwatch:
    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def pace(self, sent: int, behind: float) -> Pace:
        return Pace(sent, self.seconds, behind, time.process_time() - self._cpu)
