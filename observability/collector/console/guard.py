"""Who may ask the console: its own page, in a browser on this machine, and tools that are no browser.

Whatever other page a browser has open can send requests here too. Three things keep it out: the name that it must call
us by (a stranger's name that was made to point here is refused), what the browser says of where a request comes from,
and a header that no other page may send and without which nothing is changed.
"""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from services.chassis.errors import Forbidden
from services.chassis.middlewares import Handler

HEADER: Final = "X-Portico-Console"
_OURS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_READING: Final = frozenset({"GET", "HEAD"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what does not come from the console's own page. Raises Forbidden."""
    if _name(request.host) not in _OURS:
        raise Forbidden("the console is called by the name of this machine alone: 127.0.0.1 or localhost")
    if request.path.startswith("/api/"):
        _refuse_strangers(request)
    if request.method not in _READING and HEADER not in request.headers:
        raise Forbidden(f"whoever changes something sends the header {HEADER}")
    return await handler(request)


async def protect(_: web.Request, response: web.StreamResponse) -> None:
    """Tell browsers what the page may do, and that its answers are nobody else's."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def _refuse_strangers(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        raise Forbidden("another page may not ask the console")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Forbidden("another page may not ask the console")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
