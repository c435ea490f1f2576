"""Typed settings, read from environment variables with the prefix PORTICO_. A service composes the parts it uses."""

import secrets

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from discovery.config.traffic import Tag


class EnvironmentSettings(BaseSettings):
    """How settings are read: once, from the environment, by name."""

    model_config = SettingsConfigDict(env_prefix="PORTICO_", frozen=True, extra="ignore")


class ProcessSettings(EnvironmentSettings):
    """What every process needs. `service` is set by each service's own class."""

    service: str
    instance: str = Field(default_factory=lambda: f"local-{secrets.token_hex(4)}")
    version: str = "0.1.0"
    host: str = "127.0.0.1"
    port: int = Field(0, ge=0, le=65535, description="0 takes any free port; Consul learns the real one")
    tags: tuple[Tag, ...] = Field((), description="what this instance is, such as a canary; a JSON list")
    consul_url: str = "http://127.0.0.1:8500"
    jwks_key: str = Field("portico/auth/jwks", description="where auth publishes its public keys in Consul")
    config_prefix: str = Field(
        "portico/config/", description="where Consul has what can be changed while running"
    )
    flags_prefix: str = Field("portico/flags/", description="where Consul has the feature flags")
    log_level: str = "INFO"
    logs_address: str | None = Field(
        None, description="host:port that takes every log line over TCP, besides stdout"
    )
    traces_per_second: float | None = Field(
        None,
        gt=0,
        description="of those chosen upstream; more are not recorded from here on. None records all",
    )
    drain_seconds: float = Field(2.0, ge=0)
    shutdown_seconds: float = Field(10.0, gt=0, description="how long requests in flight may take to end")
    max_body_bytes: int = Field(256 * 1024, gt=0)


class MongoSettings(EnvironmentSettings):
    """The service's own database, named by the path of the URL."""

    mongodb_url: SecretStr = SecretStr("mongodb://127.0.0.1:27017/portico?replicaSet=rs0")
    mongodb_min_pool: int = Field(1, ge=0)
    mongodb_max_pool: int = Field(50, ge=1)
    mongodb_timeout_seconds: float = Field(5.0, gt=0)
    transaction_seconds: float = Field(10.0, gt=0, description="bound on a transaction with all its retries")
    inbox_days: int = Field(7, ge=1)


class BusSettings(EnvironmentSettings):
    """RabbitMQ: how much is taken at once, and how failures are retried."""

    amqp_url: SecretStr = SecretStr("amqp://guest:guest@127.0.0.1:5672/")
    prefetch: int = Field(200, ge=1)
    batch_size: int = Field(100, ge=1)
    batch_seconds: float = Field(
        0.02, ge=0, description="least time from batch to batch while several messages come at once"
    )
    handling_seconds: float = Field(30.0, gt=0)
    retry_delays: tuple[float, ...] = Field(
        (0.5, 2.0, 10.0, 30.0, 120.0), description="seconds before each retry"
    )
    relay_batch: int = Field(50, ge=1, description="parcels of the outbox that are published together")
    relay_lease_seconds: float = Field(10.0, gt=0)


class RedisSettings(EnvironmentSettings):
    """Redis, for what may be lost."""

    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    redis_prefix: str = Field(
        "", description="before the names of what limits and cache keep, where platforms share one Redis"
    )
    redis_timeout_seconds: float = Field(1.0, gt=0)
    redis_max_connections: int = Field(50, ge=1)


class EgressSettings(EnvironmentSettings):
    """The internal Envoy listener: `unix:///path/to.sock`, or `http://host:port`."""

    egress_url: str = "unix:///run/portico/egress.sock"
