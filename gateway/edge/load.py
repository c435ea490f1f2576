"""Load shedding: more requests than a gateway can work on get 503 at once, instead of all of them being late."""

import math
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Final

from aiohttp import web

from discovery.config.resilience import Resilience
from gateway.bulkhead import Bulkhead
from services.chassis.config import CONFIGURATION
from services.chassis.identity import known_caller
from services.chassis.middlewares import INTERNAL, Handler

_READING: Final = 0.75
"""The share of the places that strangers who only look may take: the rest is for orders, and for the signed in."""

_REQUESTS = web.AppKey("REQUESTS", Bulkhead)
_PLACE = web.RequestKey("PLACE", ExitStack)


async def places(app: web.Application) -> AsyncIterator[None]:
    """The places for requests."""
    app[_REQUESTS] = Bulkhead("requests")
    yield


@web.middleware
async def within_capacity(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away what there is no place for. Raises Unavailable."""
    if request.path in INTERNAL:
        return await handler(request)
    most = request.app[CONFIGURATION][Resilience].in_flight
    reading = request.method == "GET" and known_caller(request) is None
    share, what = (math.ceil(most * _READING), "reads") if reading else (most, "requests")
    with ExitStack() as place:
        place.enter_context(request.app[_REQUESTS].place(share, what))
        request[_PLACE] = place
        return await handler(request)


async def give_up_place(request: web.Request, _response: web.StreamResponse) -> None:
    """A request has its place until its answer begins: streams go on for long, and have a bound of their own."""
    if place := request.get(_PLACE):
        place.close()
