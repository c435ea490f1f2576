"""The gateway's settings."""

from pydantic import Field

from services.chassis.messaging import MessagingSettings
from services.chassis.settings import EgressSettings, RedisSettings


class Settings(MessagingSettings, RedisSettings, EgressSettings):
    """Deadlines shrink on the way in: the edge waits longer than the gateway, the gateway longer than the egress."""

    service: str = "gateway"

    read_seconds: float = Field(5.0, gt=0, description="deadline of a request that only reads")
    write_seconds: float = Field(10.0, gt=0, description="deadline of any other request")
    optional_seconds: float = Field(1.5, gt=0, description="how long a page waits for what it can do without")
    egress_connections: int = Field(256, ge=1)

    breaker_failures: int = Field(5, ge=1, description="consecutive failures that open a breaker")
    breaker_seconds: float = Field(2.0, gt=0, description="how long it stays open before one call may probe")

    cache_local_bytes: int = Field(16 * 1024 * 1024, ge=0, description="memory for cached answers")

    max_streams: int = Field(2000, ge=1, description="live streams held open by one process")
    stream_heartbeat_seconds: float = Field(10.0, gt=0)
    stream_poll_seconds: float = Field(1.0, gt=0, description="how often a stream reads while Redis is down")
    stream_write_seconds: float = Field(5.0, gt=0, description="how long a slow client may take to read")
    stream_reads: int = Field(32, ge=1, description="histories read at once by all streams together")
