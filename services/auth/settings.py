"""Settings of the auth service."""

from pydantic import Field, SecretStr

from services.chassis.messaging import MessagingSettings
from services.chassis.settings import MongoSettings


class Settings(MessagingSettings, MongoSettings):
    """What passwords cost, how long tokens live, and the secret that protects what they are made of."""

    service: str = "auth"
    signing_key_secret: SecretStr = Field(
        min_length=16,
        description="encrypts private keys at rest and derives refresh tokens; one for all instances",
    )
    access_token_seconds: int = Field(900, ge=1)
    refresh_token_days: int = Field(30, ge=1)
    jwks_check_seconds: float = Field(5.0, gt=0, description="how often the published keys are compared")
    argon2_passes: int = Field(2, ge=1)
    argon2_memory_kib: int = Field(19 * 1024, ge=8)
    argon2_threads: int = Field(2, ge=1, description="passwords worked on at once")
    argon2_queue: int = Field(
        64, ge=1, description="passwords worked on or waiting; beyond it the answer is 503"
    )
