"""Load shedding: more requests than a gateway can work on get 503 at once, instead of all of them being late."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from aiohttp import web

from discovery.config.resilience import Resilience
from gateway.bulkhead import Bulkhead, shed
from services.chassis.background import background
from services.chassis.config import CONFIGURATION
from services.chassis.identity import known_caller
from services.chassis.middlewares import INTERNAL, Handler

_READING: Final = 0.5
"""The share that strangers who only look may take: the rest is for orders, and for the signed in."""

_GRAPHQL: Final = "/graphql"
"""All that strangers can do there is look."""

_TICK_SECONDS: Final = 0.05


class Load:
    """How much a gateway has to do: the requests it works on, and how late that makes its event loop, in seconds.

    Requests that cost little wait for others, and their number says enough. Those that cost much keep the loop from
    coming round: then a few of them are too many.
    """

    def __init__(self) -> None:
        self._requests = Bulkhead("requests")
        self._lag = 0.0

    @contextmanager
    def place(self, resilience: Resilience, what: str, share: float) -> Iterator[None]:
        """A place for a request, in so much of what there is. Raises Overloaded."""
        if self._lag > share * resilience.lag_seconds:
            raise shed(what, "late")
        with self._requests.place(math.ceil(share * resilience.in_flight), what):
            yield

    async def watch(self) -> None:
        """Measure the lag until cancelled. A single late tick counts half."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            self._lag = (self._lag + loop.time() - due) / 2


_LOAD = web.AppKey("LOAD", Load)
_PLACE = web.RequestKey("PLACE", ExitStack)


async def load(app: web.Application) -> AsyncIterator[None]:
    """The load, watched for as long as the application lives."""
    app[_LOAD] = Load()
    async with background("load", app[_LOAD].watch):
        yield


@web.middleware
async def within_capacity(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away what there is no place for. Raises Overloaded."""
    if request.path in INTERNAL:
        return await handler(request)
    resilience = request.app[CONFIGURATION][Resilience]
    looking = request.method in ("GET", "HEAD") or request.path == _GRAPHQL
    reading = looking and known_caller(request) is None
    what, share = ("reads", _READING) if reading else ("requests", 1.0)
    with ExitStack() as place:
        place.enter_context(request.app[_LOAD].place(resilience, what, share))
        request[_PLACE] = place
        return await handler(request)


async def give_up_place(request: web.Request, _response: web.StreamResponse) -> None:
    """A request has its place until its answer begins: streams go on for long, and have a bound of their own."""
    if place := request.get(_PLACE):
        place.close()
