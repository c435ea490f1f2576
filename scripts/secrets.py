"""Passwords of a platform, made once and kept in its home, readable by its owner only."""

import base64
import os
import secrets
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

DATABASES = ("auth", "product", "inventory", "payment", "order", "operations")


def _password() -> str:
    return secrets.token_urlsafe(24)


def _key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.tmp")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


class _Kept(BaseModel, frozen=True):
    """A model kept as a JSON file of mode 0600; what the file lacks is made up and added."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file, or make it."""
        kept = cls.model_validate_json(path.read_text() if path.exists() else "{}")
        kept.save(path)
        return kept

    def save(self, path: Path) -> None:
        """Write the file unless it says the same already."""
        text = self.model_dump_json(indent=2) + "\n"
        if not path.exists() or path.read_text() != text:
            write_private(path, text)


class Secrets(_Kept):
    """What the parts and services authenticate one another with."""

    mongodb_root: str = Field(default_factory=_password)
    # A replica set key may hold base64 characters only.
    mongodb_keyfile: str = Field(default_factory=lambda: base64.b64encode(os.urandom(96)).decode())
    mongodb: dict[str, str] = Field(default_factory=dict)
    rabbitmq: str = Field(default_factory=_password)
    sandbox_webhook: str = Field(default_factory=_key)
    signing_key: str = Field(default_factory=_key)
    grafana: str = Field(default_factory=_password)
    elastic: str = Field(default_factory=_password)
    kibana: str = Field(default_factory=_password)
    logstash: str = Field(default_factory=_password)

    @model_validator(mode="after")
    def _every_database(self) -> Self:
        """Each has a password, also one that came with a later version."""
        for name in DATABASES:
            self.mongodb.setdefault(name, _password())
        return self


class Login(BaseModel, frozen=True):
    """An account of the platform."""

    email: str
    password: str = Field(default_factory=_password)


class Credentials(_Kept):
    """The accounts that seeding creates, for the people who use them."""

    admin: Login = Field(default_factory=lambda: Login(email="admin@portico.test"))
    support: Login = Field(default_factory=lambda: Login(email="support@portico.test"))
    customer: Login = Field(default_factory=lambda: Login(email="demo@portico.test"))

    def with_passwords(self, *, admin: str | None, support: str | None) -> "Credentials":
        """The same accounts with the given passwords, where given."""
        return self.model_copy(
            update={
                "admin": Login(email=self.admin.email, password=admin or self.admin.password),
                "support": Login(email=self.support.email, password=support or self.support.password),
            }
        )
