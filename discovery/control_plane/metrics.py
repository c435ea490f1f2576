"""What the control plane tells Prometheus."""

from typing import Final, get_args

from prometheus_client import Counter, Gauge

from discovery.config.traffic import SERVICES
from discovery.control_plane.policy import Role
from discovery.control_plane.resources import SHORT_NAMES

RESOURCES: Final = Gauge("portico_xds_resources", "Resources in the published snapshot", ("role", "type"))
SNAPSHOT_TIME: Final = Gauge(
    "portico_xds_snapshot_timestamp_seconds", "When a snapshot was last published", ("role",)
)
SNAPSHOTS_REFUSED: Final = Counter(
    "portico_xds_snapshots_refused_total", "Snapshots not published for being inconsistent", ("role",)
)
INSTANCES_LEFT_OUT: Final = Gauge(
    "portico_xds_instances_left_out", "Registered instances that Envoy cannot be told of", ("upstream",)
)
PUSHES: Final = Counter("portico_xds_pushes_total", "Responses sent to Envoys", ("role", "type"))
NACKS: Final = Counter("portico_xds_nacks_total", "Responses that an Envoy has refused", ("role", "type"))
CONNECTED: Final = Gauge("portico_xds_connected_envoys", "Envoys connected", ("role",))

# Counted from 0, so that the first one shows as an increase.
for _service in SERVICES:
    INSTANCES_LEFT_OUT.labels(_service)
for _role in get_args(Role):
    SNAPSHOTS_REFUSED.labels(_role)
    for _type in SHORT_NAMES.values():
        NACKS.labels(_role, _type)
