"""Settings of the product service."""

from services.chassis.messaging import MessagingSettings
from services.chassis.settings import MongoSettings


class Settings(MessagingSettings, MongoSettings):
    """Nothing beyond what its parts need."""

    service: str = "product"
