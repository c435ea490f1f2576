"""Docker Compose: reads docker-compose.yml as it is meant, with or without an engine to start it on."""

from scripts.native.debian import DebianPackages
from scripts.native.part import Part
from scripts.native.tools import Tool

# Bookworm has only the first Compose, which knows neither profiles of today nor `service_completed_successfully`.
PART = Part(
    "compose",
    DebianPackages("trixie", ("docker-compose",)),
    Tool(
        "PORTICO_COMPOSE_BIN",
        ("docker-compose",),
        "usr/libexec/docker/cli-plugins/docker-compose",
        (2, 24),
        "version",
    ),
)
