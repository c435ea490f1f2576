"""What is seen of one instance from outside: the requests that it took, and what the egress Envoy thinks of it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import ClientSession

from scripts.layout import Layout
from scripts.supervisor.logfile import LogReader
from tests.parts import eventually


class AccessLog:
    """The requests that an instance took from now on, by when they came (seconds since the epoch)."""

    def __init__(self, layout: Layout, name: str) -> None:
        self._reader = LogReader(layout.logs / f"{name}.log")

    def requests(self) -> list[float]:
        """Those that are new."""
        lines = (json.loads(line) for line in self._reader.lines() if line.startswith("{"))
        return [_began(line) for line in lines if "http.request.method" in line]

    async def first(self) -> float:
        """When the first new one came, waited for."""
        found: list[float] = await eventually(self.requests)
        return min(found)


def _began(line: Mapping[str, Any]) -> float:
    """A request is logged when it ends."""
    ended = datetime.fromisoformat(line["@timestamp"]).timestamp()
    return ended - float(line["event.duration"]) / 1e9


@dataclass(frozen=True)
class Host:
    """An endpoint as an Envoy sees it: whose it is, and whether requests are sent there."""

    instance: str
    in_rotation: bool


class Egress:
    """The egress Envoy's view of the endpoints, over its admin interface."""

    def __init__(self, http: ClientSession) -> None:
        self._http = http

    async def hosts(self, service: str) -> dict[str, Host]:
        """The endpoints of a service by `address:port`."""
        async with self._http.get("/clusters?format=json") as response:
            clusters = json.loads(await response.read())["cluster_statuses"]
        found = next(cluster for cluster in clusters if cluster["name"] == service)
        return dict(_host(status) for status in found.get("host_statuses", []))


@asynccontextmanager
async def egress(layout: Layout) -> AsyncIterator[Egress]:
    """The running platform's egress."""
    async with ClientSession(layout.url("egress_admin"), raise_for_status=True) as http:
        yield Egress(http)


def _host(status: Mapping[str, Any]) -> tuple[str, Host]:
    address = status["address"]["socket_address"]
    # Every way to be out of rotation is a flag of its own.
    out = any(value is True for value in status["health_status"].values())
    return f"{address['address']}:{address['port_value']}", Host(status["hostname"], not out)
