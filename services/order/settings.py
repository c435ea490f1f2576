"""Settings of the order service."""

from pydantic import Field

from services.chassis.messaging import MessagingSettings
from services.chassis.settings import MongoSettings


class Settings(MessagingSettings, MongoSettings):
    """How long a saga may take, and how often those that are late are looked for."""

    service: str = "order"
    saga_deadline_seconds: float = Field(30.0, gt=0)
    saga_watch_seconds: float = Field(0.5, gt=0)
    saga_lag_seconds: float = Field(
        10.0, gt=0, description="how old sagas may be that wait for stock, before no more orders are taken"
    )
    saga_count_seconds: float = Field(5.0, gt=0, description="how often they are counted for the metric")
    saga_stuck_seconds: float = Field(
        30.0, gt=0, description="how much later than it should be a saga may be"
    )
