"""Settings of the collector and of the console page that it serves."""

from ipaddress import ip_address
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from services.chassis.settings import ProcessSettings

MIB = 1024 * 1024


class Settings(ProcessSettings):
    """Where it listens, what it reads, and how much it keeps."""

    service: str = "collector"
    otlp_port: int = Field(4318, ge=0, le=65535, description="OTLP over HTTP")
    console_port: int = Field(16686, ge=0, le=65535)
    console_assets: Path = Path(".portico/native/console")
    public_url: str = Field("http://127.0.0.1:8080", description="the edge, where operators sign in")
    prometheus_url: str = "http://127.0.0.1:9090"
    collector_directory: Path = Path(".portico/data/collector")
    log_directory: Path | None = Field(None, description="whose *.log files are read; none without it")

    traces_bytes: int = Field(256 * MIB, ge=4 * MIB, description="how large the store of traces may grow")
    logs_bytes: int = Field(192 * MIB, ge=4 * MIB)
    traces_hours: float = Field(48, gt=0)
    kept_traces_hours: float = Field(7 * 24, gt=0, description="for traces with an error, or slow ones")
    logs_hours: float = Field(72, gt=0)
    slow_seconds: float = Field(1.0, gt=0, description="from when on a trace is slow")
    queued_spans: int = Field(20_000, ge=1)
    log_lines_per_second: float = Field(
        50.0, gt=0, description="of one process; more are counted and left out"
    )
    log_lines_burst: int = Field(1_000, ge=1, description="after a quiet time")

    @model_validator(mode="after")
    def _on_this_machine_only(self) -> Self:
        """Who reaches the console sees every log, so nobody from elsewhere may."""
        if not ip_address(self.host).is_loopback:
            raise ValueError(
                f"PORTICO_HOST={self.host} is no loopback address: the console is for this machine only"
            )
        return self
