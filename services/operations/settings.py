"""Settings of the operations service."""

from pydantic import Field

from services.chassis.messaging import MessagingSettings
from services.chassis.settings import MongoSettings


class Settings(MessagingSettings, MongoSettings):
    """How often the dead letters are counted for the metric."""

    service: str = "operations"
    count_seconds: float = Field(5.0, gt=0)
