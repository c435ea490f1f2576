"""Envoy's protobuf types, kept apart from this process's own.

The xds-protos distribution can't be installed here: it brings its own `opentelemetry.proto` and `google.rpc`,
and its top-level name `envoy` is another distribution's. So what the control plane needs of it is written to one
FileDescriptorSet beforehand, out of a directory where it lies unpacked:

    python -m discovery.control_plane.descriptors DIRECTORY OUTPUT
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

_ROOTS = (
    "envoy.config.cluster.v3.cluster_pb2",
    "envoy.config.endpoint.v3.endpoint_pb2",
    "envoy.config.listener.v3.listener_pb2",
    "envoy.config.route.v3.route_pb2",
    "envoy.config.trace.v3.opentelemetry_pb2",
    "envoy.extensions.access_loggers.fluentd.v3.fluentd_pb2",
    "envoy.extensions.access_loggers.stream.v3.stream_pb2",
    "envoy.extensions.filters.http.buffer.v3.buffer_pb2",
    "envoy.extensions.filters.http.cors.v3.cors_pb2",
    "envoy.extensions.filters.http.header_mutation.v3.header_mutation_pb2",
    "envoy.extensions.filters.http.jwt_authn.v3.config_pb2",
    "envoy.extensions.filters.http.local_ratelimit.v3.local_rate_limit_pb2",
    "envoy.extensions.filters.http.router.v3.router_pb2",
    "envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2",
    "envoy.extensions.http.early_header_mutation.header_mutation.v3.header_mutation_pb2",
    "envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_pb2",
    "envoy.extensions.upstreams.http.v3.http_protocol_options_pb2",
    "envoy.service.discovery.v3.discovery_pb2",
)


def collect(directory: Path) -> FileDescriptorSet:
    """The roots and everything they import, dependencies first, from xds-protos unpacked in `directory`.

    Puts `directory` first on this process's import path: for a process that does nothing else.
    """
    sys.path.insert(0, str(directory))
    files: dict[str, FileDescriptor] = {}
    for root in _ROOTS:
        for file in _dependencies_first(importlib.import_module(root).DESCRIPTOR):
            files.setdefault(file.name, file)
    return FileDescriptorSet(file=[_proto(file) for file in files.values()])


def load(path: Path) -> DescriptorPool:
    """A private pool of the types in the descriptor set at `path`."""
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(path.read_bytes()).file:
        pool.Add(file)
    return pool


def _dependencies_first(file: FileDescriptor) -> Iterator[FileDescriptor]:
    for dependency in file.dependencies:
        yield from _dependencies_first(dependency)
    yield file


def _proto(file: FileDescriptor) -> FileDescriptorProto:
    proto = FileDescriptorProto()
    file.CopyToProto(proto)
    return proto


def main() -> None:
    """Write the descriptor set: arguments are the directory and the output file."""
    directory, output = map(Path, sys.argv[1:])
    output.write_bytes(collect(directory).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
