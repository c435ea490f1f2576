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
    jwks_check_seconds: float = Field(2.0, gt=0, description="how often keys and publication are looked at")
    key_rotation_days: float = Field(
        90.0, ge=0, description="age at which a key is replaced; 0: only by hand"
    )
    key_settling_seconds: float = Field(
        2.0, ge=0, description="how long all must have known a key before it signs"
    )
    key_trust_seconds: float = Field(
        60.0, gt=0, description="how long an instance signs on that cannot see its keys in the database"
    )
    key_holders: str = Field(
        "portico", description="what has this tag in Consul verifies tokens, and is asked"
    )
    argon2_passes: int = Field(2, ge=1)
    argon2_memory_kib: int = Field(19 * 1024, ge=8)
    argon2_threads: int = Field(2, ge=1, description="passwords worked on at once")
    argon2_queue: int = Field(
        64, ge=1, description="passwords worked on or waiting; beyond it the answer is 503"
    )
