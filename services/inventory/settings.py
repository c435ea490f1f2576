"""Settings of the inventory service."""

from pydantic import Field

from services.chassis.messaging import MessagingSettings
from services.chassis.settings import MongoSettings


class Settings(MessagingSettings, MongoSettings):
    """What new skus start with, and how often lapsed reservations and short skus are looked for."""

    service: str = "inventory"
    low_stock_threshold: int = Field(5, ge=0, description="of a sku for which nobody has set another")
    expiry_watch_seconds: float = Field(1.0, gt=0)
    count_seconds: float = Field(5.0, gt=0)
