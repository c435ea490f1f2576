"""Explanations for operators: in a header for whoever asks, and as attributes of the request's span."""

from typing import Final

import orjson
from aiohttp import web
from opentelemetry import trace

from gateway.explanation import Explanation, explaining
from services.chassis.identity import known_caller
from services.chassis.middlewares import Handler

HEADER: Final = "x-portico-explain"
"""Sent by support or administrators, with any value, it comes back with a JSON object; from others it means nothing."""

_EXPLANATION = web.RequestKey("EXPLANATION", Explanation)


@web.middleware
async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gather an explanation of every request."""
    with explaining() as explanation:
        request[_EXPLANATION] = explanation
        try:
            return await handler(request)
        finally:
            _attribute(explanation)


async def tell_explanation(request: web.Request, response: web.StreamResponse) -> None:
    """Answer who asks and may. Whatever comes of a request, its explanation goes with it."""
    explanation, known = request.get(_EXPLANATION), known_caller(request)
    if explanation is None or known is None or HEADER not in request.headers:
        return
    if known.is_staff:
        resource = request.match_info.route.resource
        route = f"{request.method} {resource.canonical if resource else 'unmatched'}"
        response.headers[HEADER] = orjson.dumps(explanation.document(route)).decode()


def _attribute(explanation: Explanation) -> None:
    span = trace.get_current_span()
    if not span.is_recording():
        return
    if explanation.cache:
        span.set_attribute("portico.cache", explanation.cache)
    if explanation.degraded:
        span.set_attribute("portico.degraded", sorted(explanation.degraded))
    span.set_attribute("portico.upstream.calls", len(explanation.calls))
    span.set_attribute("portico.upstream.attempts", sum(call.attempts or 0 for call in explanation.calls))
    if troubled := sorted({call.service for call in explanation.calls if call.outcome == "failed"}):
        span.set_attribute("portico.upstream.failed", troubled)
