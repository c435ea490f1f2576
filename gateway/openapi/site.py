"""The document and the page that shows it, Swagger UI from its package: nothing is loaded from another host."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import orjson
from aiohttp import web

from gateway.openapi import platform
from gateway.openapi.document import document
from gateway.openapi.file import File
from gateway.openapi.operation import Operation
from gateway.version import Version
from gateway.versions import PUBLISHED, V1, VERSIONS
from services.chassis.errors import NotFound

_PACKAGE: Final = "drf_spectacular_sidecar"
_FROM_PACKAGE: Final[Mapping[str, str]] = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui-standalone-preset.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_FOR_GOOD: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Whoever asks for such a file names its version."""

_FOR_A_MINUTE: Final = {"Cache-Control": "public, max-age=60"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_DOCUMENTS: Final = {version.name: f"{version.prefix}/openapi.json" for version in reversed(VERSIONS)}
"""Where each version is told of, the newest first."""

_INITIALIZER: Final = """\
SwaggerUIBundle({
  urls: %s,
  dom_id: "#api",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  layout: "StandaloneLayout",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  plugins: [() => ({components: {Logo: () => null}})],
});
"""
"""The logo would bring a style of its own, which the policy forbids."""

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portico API</title>
<link rel="icon" href="/docs/favicon-32x32.png?%(favicon-32x32.png)s">
<link rel="stylesheet" href="/docs/swagger-ui.css?%(swagger-ui.css)s">
</head>
<body>
<main id="api"></main>
<noscript>This page needs JavaScript. What it shows: %(documents)s</noscript>
<script src="/docs/swagger-ui-bundle.js?%(swagger-ui-bundle.js)s"></script>
<script src="/docs/swagger-ui-standalone-preset.js?%(swagger-ui-standalone-preset.js)s"></script>
<script src="/docs/initializer.js?%(initializer.js)s"></script>
</body>
</html>
"""

routes = web.RouteTableDef()


def _documenting(version: Version) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        return (await asyncio.to_thread(described, version)).answer(request)

    return handle


routes.get("/openapi.json")(_documenting(V1))
for _version in VERSIONS:
    routes.get(f"{_version.prefix}/openapi.json")(_documenting(_version))


@routes.get("/docs")
@routes.get("/docs/")
async def docs(request: web.Request) -> web.Response:
    """The page."""
    return (await asyncio.to_thread(page)).answer(request)


@routes.get("/docs/{name}")
async def asset(request: web.Request) -> web.Response:
    """What the page loads."""
    file = (await asyncio.to_thread(assets)).get(request.match_info["name"])
    if file is None:
        raise NotFound
    return file.answer(request)


@cache
def described(version: Version) -> File:
    """The document of a version, made when it is first asked for."""
    own = [Operation.of(one) for one in PUBLISHED if one.version is version]
    found = document(version, [*own, *platform.operations(version)])
    return File.of("application/json", orjson.dumps(found), _FOR_A_MINUTE)


@cache
def assets() -> Mapping[str, File]:
    """What the page loads, by name. The package is not imported, for that would want Django."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed")
    folder = Path(spec.origin).parent / "static" / _PACKAGE / "swagger-ui-dist"
    files = {
        name: File.of(kind, (folder / name).read_bytes(), _FOR_GOOD) for name, kind in _FROM_PACKAGE.items()
    }
    urls = orjson.dumps([{"name": name, "url": url} for name, url in _DOCUMENTS.items()])
    initializer = (_INITIALIZER % urls.decode()).encode()
    return {**files, "initializer.js": File.of("text/javascript; charset=utf-8", initializer, _FOR_GOOD)}


@cache
def page() -> File:
    """The page, with the versions of what it loads."""
    links = ", ".join(f'<a href="{url}">{name}</a>' for name, url in _DOCUMENTS.items())
    html = _PAGE % {"documents": links, **{name: file.version for name, file in assets().items()}}
    headers = {"Cache-Control": "public, no-cache", "Content-Security-Policy": _POLICY}
    return File.of("text/html; charset=utf-8", html.encode(), headers)
