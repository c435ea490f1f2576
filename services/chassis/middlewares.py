"""What happens around every request: its context, its log line and metrics, its deadline, its refusals, its caller."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from pymongo.errors import ConnectionFailure

from observability import context, metrics
from services.chassis.errors import Malformed, NotFound, Refusal, Unavailable
from services.chassis.identity import identify
from services.chassis.problem import problem, render

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CORRELATION_HEADER: Final = "x-correlation-id"
DEADLINE_HEADER: Final = "x-envoy-expected-rq-timeout-ms"
DEADLINE: Final = web.RequestKey("DEADLINE", float)
"""When the caller gives up, in loop time; missing where it did not say."""
TRACE_HEADER: Final = "traceparent"
INTERNAL: Final = frozenset({"/livez", "/readyz", "/health", "/servingz", "/metrics"})
_log = logging.getLogger("portico.access")


@web.middleware
async def in_context(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bind the request's correlation id and trace, and send them back."""
    headers = request.headers
    received = context.new_context(headers.get(CORRELATION_HEADER), headers.get(TRACE_HEADER))
    with context.bind(received):
        response = await handler(request)
        if not response.prepared:
            response.headers.update(context_headers())
        return response


def context_headers() -> dict[str, str]:
    """What says which work this belongs to: of a request to others, and of an answer."""
    return {CORRELATION_HEADER: context.current().correlation_id, TRACE_HEADER: context.traceparent()}


@web.middleware
async def observed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Measure every request, and log it unless it is one of the health checks' own."""
    started = time.perf_counter()
    status = 499
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        seconds = time.perf_counter() - started
        resource = request.match_info.route.resource
        route = resource.canonical if resource else None
        metrics.observe_request(request.method, route, status, seconds)
        if request.path not in INTERNAL:
            fields = {
                "http.request.method": request.method,
                "http.response.status_code": status,
                "url.path": request.path,
                "event.duration": int(seconds * 1e9),
            }
            _log.info("%s %s %d", request.method, route or request.path, status, extra=fields)


@web.middleware
async def refusing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Render refusals, and whatever else is raised, as problem documents that say no more than they should."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return problem(refusal)
    except web.HTTPNotFound:
        return problem(NotFound("there is no such path", slug="no-such-path"))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return render(
            405, "method-not-allowed", "The method is not allowed", f"use {allowed}", {"Allow": allowed}
        )
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return render(error.status, "refused", error.reason, error.reason)
    except (asyncio.CancelledError, ConnectionResetError):
        raise
    except ConnectionFailure:
        _log.exception("the database does not answer")
        return problem(Unavailable("the database does not answer"))
    except Exception:
        logging.getLogger(__name__).exception("an unexpected failure")
        return render(500, "internal", "Something went wrong on our side", "it has been logged")


@web.middleware
async def within_deadline(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give up when the caller has, as Envoy says how long it still waits. Raises Unavailable."""
    try:
        milliseconds = int(request.headers.get(DEADLINE_HEADER, 0))
    except ValueError as error:
        raise Malformed(f"the header {DEADLINE_HEADER} must be a number") from error
    if milliseconds <= 0:
        return await handler(request)
    try:
        request[DEADLINE] = asyncio.get_running_loop().time() + milliseconds / 1000
        async with asyncio.timeout_at(request[DEADLINE]) as deadline:
            return await handler(request)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise Unavailable("no answer within the caller's deadline", slug="deadline-exceeded") from error


@web.middleware
async def identified(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Verify who is calling."""
    identify(request)
    return await handler(request)
