"""The gateway's settings."""

from pydantic import Field

from services.chassis.messaging import MessagingSettings
from services.chassis.settings import EgressSettings, RedisSettings


class Settings(MessagingSettings, RedisSettings, EgressSettings):
    """What a gateway is told at its start. How patient it is can be changed while it runs: `Resilience`, `Limits`."""

    service: str = "gateway"

    rate_limit_scale: float = Field(1.0, gt=0, description="multiplies every rate limit")

    graphql_introspection: bool = Field(
        False, description="whether GraphQL tells its schema to everybody; support and admin are always told"
    )

    store_seconds: float = Field(
        0.1,
        gt=0,
        description="how long Redis is waited for by what can be done without: limits and the cache",
    )

    cache_local_bytes: int = Field(16 * 1024 * 1024, ge=0, description="memory for cached answers")

    max_streams: int = Field(2000, ge=1, description="live streams held open by one process")
    max_streams_of_one: int = Field(200, ge=1, description="of these, as many of one user on this gateway")
    stream_heartbeat_seconds: float = Field(10.0, gt=0)
    stream_poll_seconds: float = Field(1.0, gt=0, description="how often a stream reads while Redis is down")
    stream_write_seconds: float = Field(5.0, gt=0, description="how long a slow client may take to read")
    stream_reads: int = Field(32, ge=1, description="histories read at once by all streams together")
    stream_looks: float = Field(
        50.0, gt=0, description="histories read a second by all streams that have heard nothing"
    )
