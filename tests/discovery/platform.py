"""The discovery side of a platform on ports of its own: Consul, two control planes, both Envoys."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, UnixConnector

from discovery.control_plane.bootstrap import bootstrap
from discovery.control_plane.policy import Role
from discovery.control_plane.publisher import ROLES
from scripts.layout import CHECKOUT, Layout
from scripts.native import consul, envoy, xds
from scripts.native.probes import http_answer
from scripts.supervisor import ProcessSpec, Supervisor

PORT_OFFSET = 4_000
_IN_FORCE = ("dynamic_active_clusters", "dynamic_route_configs", "ecds_filters")
TAGS = ("tested",)
"""Of the control planes, which are processes like all others of ours."""
CONTROL_PLANES = ("control-plane-1", "control-plane-2")


@dataclass(frozen=True)
class Platform:
    """Where everything is, the supervisor that runs it, and a client at either Envoy."""

    layout: Layout
    supervisor: Supervisor
    edge: ClientSession
    egress: ClientSession

    @property
    def consul(self) -> str:
        """URL of Consul."""
        return self.layout.url("consul")

    async def hosts(self, role: Role, service: str) -> list[dict[str, Any]]:
        """What an Envoy says of each instance of a service that it knows."""
        url = f"{self.layout.url(f'{role}_admin')}/clusters?format=json"
        async with ClientSession() as http, http.get(url) as response:
            clusters: list[dict[str, Any]] = (await response.json(content_type=None))["cluster_statuses"]
        return next(cluster.get("host_statuses", []) for cluster in clusters if cluster["name"] == service)

    async def endpoints(self, role: Role, service: str) -> set[str]:
        """The instances of a service that an Envoy knows, by id."""
        return {host["hostname"] for host in await self.hosts(role, service)}

    async def in_force(self, role: Role) -> set[str]:
        """Versions of the clusters, routes and filters that an Envoy goes by."""
        url = f"{self.layout.url(f'{role}_admin')}/config_dump"
        async with ClientSession() as http, http.get(url) as response:
            configs: list[dict[str, Any]] = (await response.json(content_type=None))["configs"]
        return {
            entry["version_info"]
            for config in configs
            for kind in _IN_FORCE
            for entry in config.get(kind, ())
        }


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[Platform]:
    """A platform under `home` with everything started; it is ended on exit."""
    layout = Layout(home, PORT_OFFSET)
    specs = (
        consul.process(layout),
        *(_control_plane(layout, number) for number in range(len(CONTROL_PLANES))),
        *(_envoy(layout, role) for role in ROLES),
    )
    patience = ClientTimeout(total=10)
    async with (
        Supervisor(specs, logs=layout.logs, record=layout.process_record) as supervisor,
        ClientSession(layout.url("edge"), timeout=patience) as edge,
        ClientSession(connector=UnixConnector(str(layout.egress_socket)), timeout=patience) as egress,
    ):
        await supervisor.start()
        yield Platform(layout, supervisor, edge, egress)


def _xds_port(layout: Layout, number: int) -> int:
    return layout.port("xds") + number


def _control_plane(layout: Layout, number: int) -> ProcessSpec:
    name = CONTROL_PLANES[number]
    return ProcessSpec(
        name=name,
        command=(sys.executable, "-m", "discovery.control_plane"),
        directory=CHECKOUT,
        after=("consul",),
        environment={
            "PORTICO_INSTANCE": name,
            "PORTICO_CONSUL_URL": layout.url("consul"),
            "PORTICO_XDS_PORT": str(_xds_port(layout, number)),
            "PORTICO_XDS_DESCRIPTORS": str(xds.descriptors(layout)),
            "PORTICO_EDGE_ADDRESS": layout.address("edge"),
            "PORTICO_EGRESS_ADDRESS": str(layout.egress_socket),
            "PORTICO_DRAIN_SECONDS": "0",
            "PORTICO_TAGS": json.dumps(TAGS),
        },
    )


def _envoy(layout: Layout, role: Role) -> ProcessSpec:
    control_planes = [(layout.host, _xds_port(layout, number)) for number in range(len(CONTROL_PLANES))]
    document = bootstrap(role, f"{role}-test", layout.port(f"{role}_admin"), control_planes)
    return envoy_process(layout, role, document, after=CONTROL_PLANES)


def envoy_process(
    layout: Layout, role: Role, document: dict[str, Any], *, after: tuple[str, ...] = ()
) -> ProcessSpec:
    """An Envoy with this bootstrap, ready once it has its listener."""
    config = layout.config("envoy") / f"{role}.json"
    admin = layout.url(f"{role}_admin")
    return ProcessSpec(
        name=role,
        command=(
            *(str(envoy.PART.executable(layout.native).path), "--config-path", str(config)),
            *("--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"),
            *("--file-flush-interval-msec", "100"),
        ),
        after=after,
        prepare=lambda: _write(config, document),
        ready=lambda: _listening(admin, role),
    )


async def _listening(admin: str, role: Role) -> None:
    # A listener is in the list a moment before its socket is open; by the time of LIVE it is.
    await http_answer(f"{admin}/listeners", lambda listeners: role in listeners)
    await http_answer(f"{admin}/ready", lambda state: "LIVE" in state)


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document))
