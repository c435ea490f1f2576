"""How long a gateway waits, when it stops asking, and when it has enough to do."""

from typing import ClassVar

from pydantic import Field

from discovery.config.section import Section


class Resilience(Section):
    """A gateway waits less than the edge waits for it, and tells each service how much is left of that."""

    name: ClassVar[str] = "resilience"

    read_seconds: float = Field(5.0, ge=0.05, le=14, description="deadline of a request that only reads")
    write_seconds: float = Field(10.0, ge=0.05, le=14, description="deadline of any other request")
    optional_seconds: float = Field(1.5, gt=0, description="how long a page waits for what it can do without")
    breaker_failures: int = Field(
        5, ge=1, description="failures in a row that open the breaker of an upstream"
    )
    breaker_seconds: float = Field(2.0, gt=0, description="how long it stays open before one call may probe")
    in_flight: int = Field(512, ge=1, description="requests that one gateway works on at once; more get 503")
    lag_seconds: float = Field(
        0.4, ge=0.05, description="how late the event loop of a gateway may be; then requests get 503, too"
    )
    upstream_calls: int = Field(256, ge=1, description="calls that one gateway makes to one service at once")
