"""Who calls whom, and the bounds that do not change while Envoy runs.

How a service is called, its time-outs, retries, thresholds and canaries, is configuration: `discovery.config.traffic`.
"""

from typing import Final, Literal

from discovery.config.traffic import SERVICES

Role = Literal["edge", "egress"]
"""What an Envoy is for, told by its `node.cluster`: the public door, or the way from one process to another."""

GATEWAY: Final = "gateway"
"""The one service that the public reaches."""

MAX_STREAMS = 10_000
"""Live event streams and WebSockets an edge holds open: counted apart, they can't use up the requests' share."""

STREAM_IDLE_SECONDS = 300
"""Without a byte on it for so long, a stream is taken for dead."""

MAX_CONNECTIONS = 20_000
"""From clients, per Envoy: streams, and as many again that come and go."""

MAX_REQUEST_BYTES = 1024 * 1024
MAX_HEADER_KIB = 32
MAX_HEADERS = 100

MAX_HEAP_BYTES = 1024 * 1024 * 1024
"""What an Envoy may hold in memory; close to it, requests are refused rather than all of them lost."""


def services(role: Role) -> tuple[str, ...]:
    """The services that an Envoy of this role calls. What else is in Consul gets no traffic."""
    return tuple(name for name in SERVICES if (name == GATEWAY) == (role == "edge"))
