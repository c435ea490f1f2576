"""The page itself: what was built from web/ when the native parts were fetched."""

from pathlib import Path
from typing import Final

from aiohttp import web

from services.chassis.errors import NotFound

ASSETS: Final = web.AppKey("ASSETS", Path)
_TYPES: Final = {
    "index.html": "text/html",
    "console.js": "text/javascript",
    "console.css": "text/css",
    "icon.svg": "image/svg+xml",
}
routes = web.RouteTableDef()


@routes.get("/")
async def index(request: web.Request) -> web.Response:
    """The page; what it shows is named after the # of its address."""
    return _file(request, "index.html")


@routes.get("/{name}")
async def asset(request: web.Request) -> web.Response:
    """One of its files."""
    name = request.match_info["name"]
    if name not in _TYPES:
        raise NotFound("there is no such path")
    return _file(request, name)


def _file(request: web.Request, name: str) -> web.Response:
    path = request.app[ASSETS] / name
    if not path.is_file():
        raise NotFound("the page has not been built: `portico fetch` builds it")
    return web.Response(
        body=path.read_bytes(),
        content_type=_TYPES[name],
        charset="utf-8",
        headers={"Cache-Control": "no-cache"},
    )
