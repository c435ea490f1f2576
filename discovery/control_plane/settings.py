"""Settings of the control plane."""

from pathlib import Path

from pydantic import AliasChoices, Field

from services.chassis.settings import ProcessSettings


class Settings(ProcessSettings):
    """Where the control plane listens, where the Envoys shall listen, and what is switched on."""

    service: str = "control-plane"
    xds_port: int = Field(18000, ge=0, le=65535, description="gRPC, for Envoy")
    xds_descriptors: Path = Path(".portico/native/xds/descriptors.binpb")
    edge_address: str = Field("127.0.0.1:8080", description="host:port of the public listener")
    egress_address: str = Field("/run/portico/egress.sock", description="path of a Unix socket, or host:port")
    tls_certificate: Path | None = Field(
        None, description="PEM chain; with tls_key, the edge speaks TLS only"
    )
    tls_key: Path | None = None
    edge_header_seconds: float = Field(
        10.0, ge=0.01, description="how long a client may take for its headers"
    )
    edge_request_seconds: float = Field(
        30.0, ge=0.01, description="how long it may take for the whole request"
    )
    rate_limit_scale: float = Field(1.0, gt=0)
    trace_ratio: float = Field(1.0, ge=0, le=1, description="of the requests, which the edge has traced")
    collect_access_logs: bool = Field(
        False, description="Envoy sends its lines to the log collector of its bootstrap, besides stdout"
    )
    otlp_endpoint: str | None = Field(
        None, validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint")
    )
