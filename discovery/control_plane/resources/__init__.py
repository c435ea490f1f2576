"""Envoy's resources as plain dicts in protobuf's JSON form, each made by one pure function.

A resource names its type by `@type`; `discovery.control_plane.codec` encodes it and refuses unknown fields.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Message = dict[str, Any]
"""A protobuf message in its JSON form."""

Resources = Mapping[str, Mapping[str, Message]]
"""type URL → name → resource"""

_PREFIX = "type.googleapis.com/"

CLUSTER = _PREFIX + "envoy.config.cluster.v3.Cluster"
ENDPOINT = _PREFIX + "envoy.config.endpoint.v3.ClusterLoadAssignment"
LISTENER = _PREFIX + "envoy.config.listener.v3.Listener"
ROUTE = _PREFIX + "envoy.config.route.v3.RouteConfiguration"
EXTENSION = _PREFIX + "envoy.config.core.v3.TypedExtensionConfig"

SHORT_NAMES = MappingProxyType(
    {CLUSTER: "cluster", ENDPOINT: "endpoint", LISTENER: "listener", EXTENSION: "extension", ROUTE: "route"}
)
"""Every type that is served, in the order in which it is pushed: what is named before what names it."""

FROM_ADS: Message = {"ads": {}, "resource_api_version": "V3"}


def typed(type_name: str, **fields: Any) -> Message:
    """A message that says its own type, for a field that takes any."""
    return {"@type": _PREFIX + type_name, **fields}


def extension(name: str, type_name: str, **fields: Any) -> Message:
    """An extension of Envoy with its configuration."""
    return {"name": name, "typed_config": typed(type_name, **fields)}


def set_header(name: str, value: str) -> Message:
    """A header set to a format string, in place of what it was; an empty result changes nothing."""
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def add_header(name: str, value: str) -> Message:
    """A header that is added where there is none of its name."""
    return {"header": {"key": name, "value": value}, "append_action": "ADD_IF_ABSENT"}


def seconds(value: float) -> str:
    """A duration, to the millisecond."""
    return f"{value:.3f}s"


def address(where: str) -> Message:
    """An address to listen on: the path of a Unix socket (only its owner may connect), or `host:port`."""
    if where.startswith("/"):
        return {"pipe": {"path": where, "mode": 0o600}}
    host, _, port = where.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
