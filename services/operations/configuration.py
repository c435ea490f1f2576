"""Configuration and feature flags in Consul: looked at, and changed by compare-and-set."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from aiohttp import web
from consul.aio import Consul

from discovery.config.flags import NAME, Flag, flag
from discovery.config.section import Section, Unusable, encoded, resolved
from discovery.config.sections import SECTIONS
from discovery.consul import kv
from discovery.consul.client import ERRORS, consul_client
from discovery.consul.kv import Stored
from services.chassis.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from services.operations.config_schemas import FlagOut, SectionOut
from services.operations.settings import Settings


class StoredConfiguration:
    """What Consul has of configuration and flags. Every method raises Unavailable while Consul is away."""

    def __init__(self, client: Consul, settings: Settings) -> None:
        self._client = client
        self._sections = settings.config_prefix
        self._flags = settings.flags_prefix

    async def sections(self) -> list[SectionOut]:
        """All of them."""
        with _consul():
            stored = await kv.read_all(self._client, self._sections)
        return [_shown(section, stored.get(name, kv.NOTHING)) for name, section in SECTIONS.items()]

    async def section(self, name: str) -> SectionOut:
        """One of them. Raises NotFound."""
        section = _known(name)
        with _consul():
            return _shown(section, await kv.read(self._client, self._sections + name))

    async def override(self, name: str, overrides: dict[str, Any], version: int | None) -> SectionOut:
        """The section with these in place of its defaults. Raises NotFound, Invalid, Conflict."""
        section = _known(name)
        with _usable("overrides."):
            document = encoded(overrides)
            resolved(section, document)
        await self._replace(self._sections + name, document if overrides else None, version)
        return await self.section(name)

    async def flags(self) -> list[FlagOut]:
        """All that are set, by name."""
        with _consul():
            stored = await kv.read_all(self._client, self._flags)
        return [_shown_flag(name, stored[name]) for name in sorted(stored)]

    async def flag(self, name: str) -> FlagOut:
        """One of them. Raises NotFound."""
        with _consul():
            stored = await kv.read(self._client, self._flags + _flag_name(name))
        if stored.value is None:
            raise NotFound("there is no such flag")
        return _shown_flag(name, stored)

    async def set_flag(self, name: str, wanted: Flag, version: int | None) -> FlagOut:
        """The flag as it is then. Raises NotFound for what cannot be a name, Conflict."""
        await self._replace(self._flags + _flag_name(name), wanted.model_dump_json().encode(), version)
        return await self.flag(name)

    async def remove_flag(self, name: str) -> None:
        """From now on the code's default holds. Raises NotFound, Conflict."""
        await self._replace(self._flags + name, None, (await self.flag(name)).version)

    async def _replace(self, key: str, value: bytes | None, version: int | None) -> None:
        with _consul():
            stored = await kv.read(self._client, key)
            if stored.value == value:
                return
            seen = stored.version if version is None else version
            if not await kv.replace(self._client, key, value, seen):
                raise Conflict("it was changed meanwhile: look again", slug="changed-meanwhile")


CONFIGURED = web.AppKey("CONFIGURED", StoredConfiguration)


def stored_configuration(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Access to it for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        async with consul_client(settings.consul_url) as client:
            app[CONFIGURED] = StoredConfiguration(client, settings)
            yield

    return resource


def _known(name: str) -> type[Section]:
    if name not in SECTIONS:
        raise NotFound(f"there are the sections {', '.join(SECTIONS)}")
    return SECTIONS[name]


def _flag_name(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise NotFound("the name of a flag is small letters, digits and hyphens, at most 64")
    return name


def _shown(section: type[Section], stored: Stored) -> SectionOut:
    try:
        effective, problem = resolved(section, stored.value), None
    except Unusable as error:
        effective, problem = section(), str(error)
    return SectionOut.of(section, effective, _document(stored), stored.version, problem)


def _shown_flag(name: str, stored: Stored) -> FlagOut:
    try:
        return FlagOut.of(name, flag(stored.value or b""), stored)
    except Unusable as error:
        return FlagOut.of(name, None, stored, str(error))


def _document(stored: Stored) -> Any:
    """What is stored, as text when it is no JSON."""
    if stored.value is None:
        return {}
    try:
        return orjson.loads(stored.value)
    except orjson.JSONDecodeError:
        return stored.value.decode(errors="replace")


@contextmanager
def _consul() -> Iterator[None]:
    try:
        yield
    except ERRORS as error:
        raise Unavailable("consul, which keeps the configuration, does not answer") from error


@contextmanager
def _usable(prefix: str) -> Iterator[None]:
    try:
        yield
    except Unusable as error:
        fields = tuple(FieldError(prefix + path, message) for path, message in error.errors)
        raise Invalid("this is no good as configuration", errors=fields) from error
