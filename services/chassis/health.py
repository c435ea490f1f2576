"""How a process is: alive, ready, serving.

Dependencies are checked in the background and the verdicts are kept, so asking costs nothing and cannot hurt
a part that is struggling. Whether a process takes traffic is another question: it does until it drains.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
import psutil
from aiohttp import web

from observability import metrics
from services.chassis.background import background, every

Check = Callable[[], Awaitable[object]]
Fact = Callable[[], object]
_CHECK_SECONDS = 1.0
_INTERVAL_SECONDS = 2.0


@dataclass(frozen=True)
class Verdict:
    """What a check last said: `error` is None when all was well; `milliseconds` is how long it took."""

    error: str | None
    milliseconds: float
    matters: bool


class Readiness:
    """The named dependency checks of a process, what else it tells of itself, and whether it drains.

    `instance` is the one that it answers for; without one it answers whoever is meant.
    """

    def __init__(self, instance: str = "") -> None:
        self.draining = False
        self.instance = instance
        self._checks: dict[str, tuple[Check, bool]] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._facts: dict[str, Fact] = {}
        self._started = time.monotonic()

    def add(self, name: str, check: Check, *, matters: bool = True) -> None:
        """Watch a dependency. One that does not matter is shown, but does not make the process unready."""
        self._checks[name] = (check, matters)

    def tell(self, name: str, fact: Fact) -> None:
        """Add a field to the report: what `fact` gives at that moment, as JSON can hold it."""
        self._facts[name] = fact

    @property
    def ready(self) -> bool:
        """Every dependency that matters was well when last asked, and the process does not drain."""
        known = all(name in self._verdicts for name in self._checks)
        well = all(verdict.error is None for verdict in self._verdicts.values() if verdict.matters)
        return known and well and not self.draining

    def is_meant(self, instance: str) -> bool:
        """Whether somebody who asks for this instance asks the right process."""
        return not self.instance or instance == self.instance

    async def refresh(self) -> None:
        """Ask every dependency, all at once, none for longer than a second."""
        names = list(self._checks)
        verdicts = await asyncio.gather(*(self._ask(*self._checks[name]) for name in names))
        self._verdicts = dict(zip(names, verdicts, strict=True))
        for name, verdict in self._verdicts.items():
            metrics.DEPENDENCY_UP.labels(name).set(verdict.error is None)

    async def _ask(self, check: Check, matters: bool) -> Verdict:
        started = time.monotonic()
        error = None
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                await check()
        except TimeoutError:
            error = f"no answer within {_CHECK_SECONDS:g} s"
        except Exception as failure:
            error = type(failure).__name__
        return Verdict(error, round((time.monotonic() - started) * 1000, 2), matters)

    def report(self) -> dict[str, Any]:
        """Status, time, checks, memory in bytes, uptime in seconds, and the facts that were added."""
        return {
            "status": "draining" if self.draining else "ready" if self.ready else "unready",
            "time": time.time(),
            "checks": {
                name: {
                    "ok": v.error is None,
                    "error": v.error,
                    "milliseconds": v.milliseconds,
                    "matters": v.matters,
                }
                for name, v in self._verdicts.items()
            },
            "memory_bytes": psutil.Process(os.getpid()).memory_info().rss,
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            **{name: fact() for name, fact in self._facts.items()},
        }


READINESS = web.AppKey("READINESS", Readiness)
routes = web.RouteTableDef()


@routes.get("/livez")
async def livez(_request: web.Request) -> web.Response:
    """200 as long as the event loop turns."""
    return web.Response(text="alive")


@routes.get("/servingz")
async def servingz(request: web.Request) -> web.Response:
    """200 until the process drains, then 503: all that Envoy's own health check asks."""
    draining = request.app[READINESS].draining
    return web.Response(status=503 if draining else 200, text="draining" if draining else "serving")


@routes.get("/readyz")
@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """The whole report; /readyz answers 503 when a dependency that matters is down.

    Who asks for another `instance` than this one gets 421: Consul, of one that had this address before.
    """
    readiness = request.app[READINESS]
    if not readiness.is_meant(request.query.get("instance", readiness.instance)):
        raise web.HTTPMisdirectedRequest(text="this is another instance")
    status = 503 if request.path == "/readyz" and not readiness.ready else 200
    return web.Response(status=status, body=orjson.dumps(readiness.report()), content_type="application/json")


@routes.get("/metrics")
async def scrape(_request: web.Request) -> web.Response:
    """For Prometheus."""
    body, content_type = metrics.render()
    return web.Response(body=body, headers={"Content-Type": content_type})


async def watched(app: web.Application) -> AsyncIterator[None]:
    """Keep the verdicts and the event-loop lag up to date while the application lives."""
    async with (
        every("readiness", _INTERVAL_SECONDS, app[READINESS].refresh),
        background("event-loop lag", metrics.watch_event_loop),
    ):
        yield
