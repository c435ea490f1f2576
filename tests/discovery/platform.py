"""The discovery side of a platform on ports of its own: Consul, two control planes, both Envoys."""

import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from discovery.control_plane.bootstrap import bootstrap
from scripts.layout import CHECKOUT, Layout
from scripts.native import consul, envoy, xds
from scripts.native.probes import http_answer
from scripts.supervisor import ProcessSpec, Supervisor

CONTROL_PLANES = ("control-plane-1", "control-plane-2")
ENVOYS: tuple[Literal["edge"], Literal["egress"]] = ("edge", "egress")


@dataclass(frozen=True)
class Platform:
    """Where everything is, and the supervisor that runs it."""

    layout: Layout
    xds_ports: tuple[int, ...]
    supervisor: Supervisor

    @property
    def consul(self) -> str:
        """URL of Consul."""
        return self.layout.url("consul")

    @property
    def edge(self) -> str:
        """URL of the public listener."""
        return self.layout.url("edge")

    def admin(self, role: str) -> str:
        """URL of an Envoy's admin interface."""
        return self.layout.url(f"{role}_admin")

    def log(self, process: str) -> str:
        """What a process has written so far."""
        return (self.layout.logs / f"{process}.log").read_text()


def platform(home: Path) -> Platform:
    """A platform under `home`, on free ports; nothing of it runs yet."""
    names = ("consul", "consul_dns", "consul_server", "consul_serf_lan", "consul_serf_wan", "consul_grpc")
    *ports, first, second = _free_ports(len(names) + 5)
    layout = Layout(
        home, port_overrides=dict(zip((*names, "edge", "edge_admin", "egress_admin"), ports, strict=True))
    )
    xds_ports = (first, second)
    specs = (
        consul.process(layout),
        *(_control_plane(layout, name, port) for name, port in zip(CONTROL_PLANES, xds_ports, strict=True)),
        *(_envoy(layout, role, xds_ports) for role in ENVOYS),
    )
    return Platform(layout, xds_ports, Supervisor(specs, logs=layout.logs, record=layout.run / "record.json"))


def descriptors(layout: Layout) -> Path:
    """The descriptor set: the one named by the environment, or the fetched one."""
    return Path(os.environ.get("PORTICO_XDS_DESCRIPTORS") or xds.descriptors(layout))


def _control_plane(layout: Layout, name: str, xds_port: int) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        command=(sys.executable, "-m", "discovery.control_plane"),
        directory=CHECKOUT,
        after=("consul",),
        environment={
            "PORTICO_INSTANCE": name,
            "PORTICO_CONSUL_URL": layout.url("consul"),
            "PORTICO_XDS_PORT": str(xds_port),
            "PORTICO_XDS_DESCRIPTORS": str(descriptors(layout)),
            "PORTICO_EDGE_ADDRESS": layout.address("edge"),
            "PORTICO_EGRESS_ADDRESS": str(layout.egress_socket),
            "PORTICO_DRAIN_SECONDS": "0",
        },
    )


def _envoy(layout: Layout, role: Literal["edge", "egress"], xds_ports: tuple[int, ...]) -> ProcessSpec:
    config = layout.config("envoy") / f"{role}.json"
    control_planes = [("127.0.0.1", port) for port in xds_ports]
    document = bootstrap(role, f"{role}-test", layout.port(f"{role}_admin"), control_planes)
    executable = envoy.PART.executable(layout.native).path
    return ProcessSpec(
        name=role,
        command=(
            *(str(executable), "--config-path", str(config), "--use-dynamic-base-id"),
            *("--concurrency", "1", "--log-level", "warning"),
        ),
        after=CONTROL_PLANES,
        prepare=lambda: _write(config, document),
        ready=lambda: http_answer(
            f"{layout.url(f'{role}_admin')}/listeners", lambda listeners: role in listeners
        ),
    )


def _write(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports
