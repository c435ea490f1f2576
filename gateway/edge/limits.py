"""Rate limits: what one address, one user, and either of them on one route, may ask of all gateways together."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from aiohttp import web

from discovery.config.limits import Limits
from gateway.edge.counters import Counters
from gateway.edge.route import route_of
from gateway.edge.rules import Charge, Rules, Verdict, subject
from gateway.metrics import RATE_LIMIT_UNAVAILABLE, RATE_LIMITED
from gateway.redis.store import STORE
from gateway.settings import Settings
from services.chassis.config import CONFIGURATION, Configuration
from services.chassis.errors import TooMany, Unavailable
from services.chassis.identity import known_caller
from services.chassis.middlewares import INTERNAL, Handler

_ADDRESS: Final = "x-envoy-external-address"
"""The client's, from the edge, which lets nobody else say it. What x-forwarded-for says is not believed."""

_VERSION: Final = re.compile(r" /api/v\d+")


class Limiter:
    """The limits in force, and what has been used of them."""

    def __init__(self, counters: Counters, configuration: Configuration, scale: float) -> None:
        self._counters = counters
        self._configuration = configuration
        self._scale = scale
        self._limits = configuration[Limits]
        self._rules = Rules(self._limits, scale)

    def about(self, request: web.Request) -> Sequence[Charge]:
        """What a request counts for: nothing, when it is none of the public's or limits are switched off."""
        if request.path in INTERNAL or not (rules := self._in_force()):
            return ()
        return rules.about(_route(request), _address(request), known_caller(request))

    def beyond(self, request: web.Request, routes: Sequence[str]) -> Sequence[Charge]:
        """What a request counts for beyond that, which does the work of all these `routes`."""
        if not (rules := self._in_force()):
            return ()
        return rules.beyond(routes, _address(request), known_caller(request))

    def _in_force(self) -> Rules | None:
        limits = self._configuration[Limits]
        if limits is not self._limits:
            self._limits, self._rules = limits, Rules(limits, self._scale)
        return self._rules if limits.enabled else None

    async def charge(self, charges: Sequence[Charge]) -> Verdict | None:
        """The verdict on a request; None without Redis: what cannot be counted is admitted."""
        try:
            verdict = await self._counters.charge(charges)
        except Unavailable:
            RATE_LIMIT_UNAVAILABLE.inc()
            return None
        RATE_LIMITED.labels(verdict.rule.name, "admitted" if verdict.admitted else "denied").inc()
        return verdict


_LIMITER = web.AppKey("LIMITER", Limiter)
_VERDICT = web.RequestKey("VERDICT", Verdict)


def limiting(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The limiter, for as long as the application lives: declare it after `configuration` and `store`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        counters = Counters(app[STORE], settings.redis_prefix)
        app[_LIMITER] = Limiter(counters, app[CONFIGURATION], settings.rate_limit_scale)
        async with counters.running():
            yield

    return resource


@web.middleware
async def within_limits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Charge a request to the limits that are about it. Raises TooMany."""
    await _charge(request, request.app[_LIMITER].about(request))
    return await handler(request)


async def charge_as(request: web.Request, routes: Sequence[str]) -> None:
    """Charge a request that does the work of several others: their `routes` are like `POST /orders`. Raises TooMany."""
    await _charge(request, request.app[_LIMITER].beyond(request, routes))


async def _charge(request: web.Request, charges: Sequence[Charge]) -> None:
    verdict = await request.app[_LIMITER].charge(charges) if charges else None
    if verdict is None:
        return
    before = request.get(_VERDICT)
    request[_VERDICT] = verdict if before is None else before.tighter(verdict)
    if not verdict.admitted:
        raise TooMany(verdict.reason, retry_after=verdict.wait)


async def tell_limits(request: web.Request, response: web.StreamResponse) -> None:
    """Whatever the answer is, its client sees how much is left."""
    if verdict := request.get(_VERDICT):
        response.headers.update(verdict.headers)


def _address(request: web.Request) -> str:
    return subject(request.headers.get(_ADDRESS), request.remote)


def _route(request: web.Request) -> str:
    """The same in every version, such as `GET /orders/{id}`."""
    return _VERSION.sub(" ", route_of(request), count=1)
