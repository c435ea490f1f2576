"""How Envoy calls each service: time-outs, retries, thresholds, ejection, and the shares of canaries."""

import math
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from discovery.config.section import Section, Setting

Seconds = Annotated[float, Field(ge=0.001, le=3600)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Percent = Annotated[float, Field(ge=0, le=100)]
Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Outlier(Setting):
    """When an instance is taken out of rotation: after so many broken connections or time-outs in a row."""

    failures: Count = 2
    interval: Seconds = 0.25
    base_ejection: Seconds = 1.0
    max_ejection: Seconds = 5.0
    max_ejection_percent: int = Field(
        99, ge=0, le=100, description="of the instances at once, rounded down: with 99 the last one stays"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.base_ejection > self.max_ejection:
            raise ValueError("base_ejection must not be above max_ejection")
        return self


class Policy(Setting):
    """How calls to one service behave. Times in seconds; thresholds are per Envoy."""

    timeout: Seconds
    per_try_timeout: Seconds
    retries: int = Field(2, ge=0, le=10)
    connect_timeout: Seconds = 0.5
    max_connections: Count = 512
    max_pending_requests: Count = 512
    max_requests: Count = 1024
    retry_budget_percent: Percent = 25.0
    min_retry_concurrency: int = Field(20, ge=0, le=1_000_000)
    outlier: Outlier = Outlier()
    canary: dict[Tag, Percent] = Field(
        {}, description="share of the calls, in percent, that instances with a tag get together"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.per_try_timeout > self.timeout:
            raise ValueError("per_try_timeout must not be above timeout")
        if math.fsum(self.canary.values()) > 100:
            raise ValueError("the shares of canaries must not be above 100 together")
        return self


SERVICES = {
    "gateway": Policy(timeout=15.0, per_try_timeout=15.0, max_connections=1024, max_requests=2048),
    "auth": Policy(timeout=5.0, per_try_timeout=2.5),
    "product": Policy(timeout=4.0, per_try_timeout=1.5),
    "inventory": Policy(timeout=4.0, per_try_timeout=1.5),
    "payment": Policy(timeout=8.0, per_try_timeout=4.0),
    "order": Policy(timeout=8.0, per_try_timeout=4.0, max_requests=2048),
    "operations": Policy(timeout=8.0, per_try_timeout=4.0),
}


class Traffic(Section):
    """Time-outs shrink on the way in, so that whoever is closer to the trouble gives up first."""

    name: ClassVar[str] = "traffic"

    services: dict[str, Policy] = SERVICES

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.services.keys() != SERVICES.keys():
            wrong = ", ".join(sorted(self.services.keys() ^ SERVICES.keys()))
            raise ValueError(f"there are the services {', '.join(SERVICES)}; unknown or missing: {wrong}")
        return self
