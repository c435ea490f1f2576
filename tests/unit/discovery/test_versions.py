"""The edge knows no version: whatever the gateway publishes comes through, streams as streams."""

import re
from typing import Any

import pytest

from discovery.config.traffic import Traffic
from discovery.control_plane.resources.edge import edge_routes
from gateway.version import Published
from gateway.versions import PUBLISHED, VERSIONS

STREAMS = ("/orders/{id}/events", "/live")
ROUTES: list[dict[str, Any]] = edge_routes(Traffic().services["gateway"], ())["virtual_hosts"][0]["routes"]


def taken(method: str, path: str) -> str:
    """The name of the first route that takes such a request, as Envoy looks for it."""
    return str(next(route["name"] for route in ROUTES if _matches(route["match"], method, path)))


def _matches(match: dict[str, Any], method: str, path: str) -> bool:
    for header in match.get("headers", ()):
        value = method if header["name"] == ":method" else "shop.example"
        found = re.fullmatch(header["string_match"]["safe_regex"]["regex"], value) is not None
        if found == header.get("invert_match", False):
            return False
    match match:
        case {"prefix": str(prefix)}:
            return path.startswith(prefix)
        case {"path": str(exact)}:
            return path == exact
        case {"path_separated_prefix": str(prefix)}:
            return f"{path}/".startswith(f"{prefix}/")
        case {"safe_regex": {"regex": regex}}:
            return re.fullmatch(regex, path) is not None
    return False


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: f"{one.endpoint.method} {one.path}")
def test_what_is_published_comes_through(one: Published) -> None:
    path = re.sub("{.+?}", "7", one.path)
    wanted = one.endpoint.path if one.endpoint.path in STREAMS else "/api"
    assert taken(one.endpoint.method, path) == wanted


def test_there_are_streams_in_every_version() -> None:
    for version in VERSIONS:
        assert taken("GET", f"{version.prefix}/orders/7/events") == "/orders/{id}/events"
        assert taken("GET", f"{version.prefix}/live") == "/live"
        assert taken("GET", f"{version.prefix}/openapi.json") == "/api"
