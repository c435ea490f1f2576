"""Who still asks for what is old, and that they are told so (RFC 9745, RFC 8594, RFC 5829)."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from gateway.edge.route import route_of
from gateway.metrics import API_REQUESTS
from gateway.version import Published, Succession
from gateway.versions import PUBLISHED
from services.chassis.identity import known_caller

MIGRATION: Final = "/docs"
"""The page on which each version says what is new in it."""

_ROUTES: Final[Mapping[str, Published]] = {f"{one.endpoint.method} {one.path}": one for one in PUBLISHED}


async def tell_succession(request: web.Request, response: web.StreamResponse) -> None:
    """Count the request by its version; whatever the answer is, say of a deprecated operation that it is one."""
    asked = _ROUTES.get(route_of(request))
    if asked is None:
        return
    API_REQUESTS.labels(asked.version.name, asked.endpoint.contract.id, _kind_of_caller(request)).inc()
    if asked.succession:
        _tell(asked.succession, request, response)


def _tell(succession: Succession, request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(succession.retirement.headers)
    successor = succession.successor(request.match_info)
    response.headers["Link"] = (
        f'<{successor}>; rel="successor-version", <{MIGRATION}>; rel="deprecation"; type="text/html"'
    )


def _kind_of_caller(request: web.Request) -> str:
    known = known_caller(request)
    if known is None:
        return "anyone"
    return "staff" if known.is_staff else "customer"
