"""Settings of the payment service."""

from pydantic import Field, SecretStr

from services.chassis.messaging import MessagingSettings
from services.chassis.settings import MongoSettings


class Settings(MessagingSettings, MongoSettings):
    """How patiently a provider is asked. With the defaults it has about 15 s to authorize or capture."""

    service: str = "payment"
    sandbox_webhook_url: str = Field(
        pattern=r"^https?://[^/]+/", description="the public address to which the sandbox sends its webhooks"
    )
    sandbox_webhook_secret: SecretStr = Field(min_length=16)
    provider_call_seconds: float = Field(4.0, gt=0, description="bound on one attempt")
    provider_lease_seconds: float = Field(
        8.0, gt=0, description="after which another process takes an attempt up"
    )
    provider_attempts: int = Field(3, ge=1, description="before an authorization or a capture is given up")
    provider_pause_seconds: float = Field(1.0, gt=0, description="before the second attempt; then doubled")
    provider_pending_seconds: float = Field(
        5.0, gt=0, description="before one is asked that promised an answer"
    )
    provider_longest_pause_seconds: float = Field(60.0, gt=0)
    provider_max_calls: int = Field(256, ge=1, description="calls in flight; more wait for the sweep")
    sweep_seconds: float = Field(0.5, gt=0)
