"""Consul: service catalogue, health checks, configuration."""

import json
import shutil
from pathlib import Path

from scripts.layout import PARTS, Layout
from scripts.native.debian import DebianPackages
from scripts.native.part import Part
from scripts.native.probes import http_answer
from scripts.native.tools import Tool
from scripts.supervisor import ProcessSpec

# In no suite after bullseye; the package needs nothing but libc, so it runs on later ones.
PART = Part(
    "consul",
    DebianPackages("bullseye", ("consul",)),
    Tool("PORTICO_CONSUL_BIN", ("consul",), "usr/bin/consul", (1, 8), "version"),
)
CONFIGURATION = PARTS / "consul.json"


def process(layout: Layout) -> ProcessSpec:
    """One server that is its own cluster: unlike `agent -dev` it keeps KV when killed."""
    config = layout.config("consul") / "consul.json"
    return ProcessSpec(
        name="consul",
        command=(
            *(str(PART.executable(layout.native).path), "agent", "-ui"),
            *("-config-file", str(CONFIGURATION), "-config-file", str(config)),
        ),
        ports=layout.ports(*(f"consul{kind}" for kind in ("", "_dns", "_server", "_serf_lan", "_serf_wan"))),
        prepare=lambda: _configure(layout, config),
        # A leader's name: the catalogue and KV answer from now on.
        ready=lambda: http_answer(f"{layout.url('consul')}/v1/status/leader", lambda body: ":" in body),
    )


def forget_services(layout: Layout) -> None:
    """Drop registrations kept from an earlier run, whose ports may be another's now.

    To be called while nothing runs; a mere restart of Consul keeps them.
    """
    for kept in ("services", "checks"):
        shutil.rmtree(layout.data("consul") / kept, ignore_errors=True)


def _configure(layout: Layout, config: Path) -> None:
    settings = {
        "data_dir": str(layout.data("consul")),
        "bind_addr": layout.host,
        "client_addr": layout.host,
        "advertise_addr": layout.host,
        "ports": {
            "http": layout.port("consul"),
            "dns": layout.port("consul_dns"),
            "grpc": layout.port("consul_grpc"),
            "server": layout.port("consul_server"),
            "serf_lan": layout.port("consul_serf_lan"),
            "serf_wan": layout.port("consul_serf_wan"),
        },
    }
    config.write_text(json.dumps(settings, indent=2))
