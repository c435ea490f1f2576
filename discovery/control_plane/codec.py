"""Between Envoy's protobuf messages and our own types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass

from discovery.control_plane import descriptors
from discovery.control_plane.resources import Message

_PACKAGE = "envoy.service.discovery.v3"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A resource on the wire. `version` is a hash of its content."""

    version: str
    type_url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What an Envoy says: what it wants of one type, and what it thinks of the response named by `nonce`."""

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial_versions: Mapping[str, str] | None = None
    nonce: str = ""
    error: str | None = None
    node_id: str = ""
    node_cluster: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What an Envoy is told: resources of one type that are new to it, and names that are gone."""

    type_url: str
    nonce: str
    resources: Mapping[str, Encoded]
    removed: Sequence[str] = ()


class Codec:
    """Encodes with the types of one descriptor set."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool
        self._request = GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.DeltaDiscoveryRequest"))
        self._response = GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.DeltaDiscoveryResponse"))

    @classmethod
    def load(cls, path: Path) -> "Codec":
        """A codec for the descriptor set at `path`."""
        return cls(descriptors.load(path))

    def encode(self, resource: Message, version: str) -> Encoded:
        """Raises `google.protobuf.json_format.ParseError` for a field that Envoy does not have."""
        packed = AnyMessage()
        ParseDict(resource, packed, descriptor_pool=self._pool)
        return Encoded(version, packed.type_url, packed.value)

    def request(self, data: bytes) -> Request:
        """A delta discovery request."""
        message: Any = self._request.FromString(data)
        return Request(
            type_url=message.type_url,
            subscribe=tuple(message.resource_names_subscribe),
            unsubscribe=tuple(message.resource_names_unsubscribe),
            initial_versions=dict(message.initial_resource_versions),
            nonce=message.response_nonce,
            error=message.error_detail.message if message.HasField("error_detail") else None,
            node_id=message.node.id,
            node_cluster=message.node.cluster,
        )

    def response(self, response: Response) -> bytes:
        """A delta discovery response."""
        message: Any = self._response(type_url=response.type_url, nonce=response.nonce)
        for name, encoded in response.resources.items():
            resource = message.resources.add(name=name, version=encoded.version)
            resource.resource.type_url = encoded.type_url
            resource.resource.value = encoded.body
        message.removed_resources.extend(response.removed)
        data: bytes = message.SerializeToString()
        return data
