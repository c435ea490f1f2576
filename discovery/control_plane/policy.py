"""How each service is called: the one table of time-outs, retries and thresholds.

Time-outs shrink on the way in, so that whoever is closer to the trouble gives up first: the edge waits 15 s for
the gateway, the gateway's own deadline is shorter, and each call of it through the egress shorter still.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Role = Literal["edge", "egress"]
"""What an Envoy is for, told by its `node.cluster`: the public door, or the way from one process to another."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How calls to one service behave. Times in seconds; thresholds are per Envoy."""

    role: Role
    timeout: float
    per_try_timeout: float
    retries: int = 2
    connect_timeout: float = 0.5
    max_connections: int = 512
    max_pending_requests: int = 512
    max_requests: int = 1024
    retry_budget_percent: float = 25.0
    min_retry_concurrency: int = 20


POLICIES = MappingProxyType(
    {
        "gateway": Policy(
            "edge", timeout=15.0, per_try_timeout=15.0, max_connections=1024, max_requests=2048
        ),
        "auth": Policy("egress", timeout=5.0, per_try_timeout=2.5),
        "product": Policy("egress", timeout=4.0, per_try_timeout=1.5),
        "inventory": Policy("egress", timeout=4.0, per_try_timeout=1.5),
        "payment": Policy("egress", timeout=8.0, per_try_timeout=4.0),
        "order": Policy("egress", timeout=8.0, per_try_timeout=4.0, max_requests=2048),
        "operations": Policy("egress", timeout=8.0, per_try_timeout=4.0),
    }
)
"""Every service that Envoy knows. What else is in Consul gets no traffic."""

MAX_STREAMS = 10_000
"""Live event streams and WebSockets an edge holds open: counted apart, they can't use up the requests' share."""

STREAM_IDLE_SECONDS = 300
"""Without a byte on it for so long, a stream is taken for dead."""

MAX_CONNECTIONS = 20_000
"""From clients, per Envoy: streams, and as many again that come and go."""

MAX_REQUEST_BYTES = 1024 * 1024
MAX_HEADER_KIB = 32
MAX_HEADERS = 100

RATE_PER_SECOND = 2000
RATE_BURST = 4000
"""The edge's coarse limit, per Envoy; who may do what how often is the gateway's business."""


def services(role: Role) -> tuple[str, ...]:
    """The services that an Envoy of this role calls."""
    return tuple(name for name, policy in POLICIES.items() if policy.role == role)
