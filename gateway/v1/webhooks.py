"""What payment providers tell us: signed, and therefore passed on untouched."""

from aiohttp import web

from gateway.endpoint import headers_of, passed_back
from gateway.upstreams.client import Calls, Service, path
from services.chassis.http import read_body


async def payment(request: web.Request, calls: Calls) -> web.Response:
    """The payment service verifies the signature over the body as it came."""
    return passed_back(
        await calls.ask(
            Service.PAYMENT,
            "POST",
            path("webhooks", request.match_info["provider"]),
            body=await read_body(request),
            headers=headers_of(request, ("Content-Type", "X-Portico-Signature")),
        )
    )
