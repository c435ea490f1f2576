"""What is taken and given of configuration and feature flags."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from discovery.config.flags import Flag, Role
from discovery.config.section import Section
from discovery.consul.kv import Stored
from services.operations.schemas import Input

Version = Annotated[
    int,
    Field(ge=0, strict=True, description="what was read; the change is refused when it is another by now"),
]


class OverridesIn(Input):
    """All that a section shall have instead of its defaults: a merge patch, in place of the one before."""

    overrides: dict[str, Any]
    version: Version | None = None


class FlagIn(Flag):
    """A flag as it shall be."""

    version: Version | None = None

    def flag(self) -> Flag:
        """Without what is only asked."""
        return Flag(**{name: getattr(self, name) for name in Flag.model_fields})


class SectionOut(BaseModel):
    """One section. `problem` says why `overrides` are refused everywhere; then the last good ones are in force."""

    name: str
    description: str
    defaults: dict[str, Any]
    overrides: Any
    effective: dict[str, Any]
    version: int
    problem: str | None

    @classmethod
    def of(
        cls, section: type[Section], effective: Section, overrides: Any, version: int, problem: str | None
    ) -> Self:
        """As operators see it."""
        return cls(
            name=section.name,
            description=section.__doc__ or "",
            defaults=section().model_dump(mode="json"),
            overrides=overrides,
            effective=effective.model_dump(mode="json"),
            version=version,
            problem=problem,
        )


class SectionsOut(BaseModel):
    """Every section."""

    items: tuple[SectionOut, ...]


class FlagOut(BaseModel):
    """One flag. One with a `problem` cannot be read: whoever knew it goes on with what it was."""

    name: str
    enabled: bool | None
    percentage: float | None
    roles: tuple[Role, ...] | None
    description: str | None
    version: int
    problem: str | None

    @classmethod
    def of(cls, name: str, flag: Flag | None, stored: Stored, problem: str | None = None) -> Self:
        """As operators see it."""
        known: Mapping[str, Any] = dict(flag) if flag else dict.fromkeys(Flag.model_fields)
        return cls(name=name, **known, version=stored.version, problem=problem)


class FlagsOut(BaseModel):
    """Every flag that is set, by name."""

    items: tuple[FlagOut, ...]
