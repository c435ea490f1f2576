"""A section of the configuration: a frozen model with defaults, and a merge patch over them."""

from typing import Any, ClassVar, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

Json = dict[str, Any]
S = TypeVar("S", bound="Section")


class Setting(BaseModel):
    """A part of a section. Types are taken at their word, and unknown names are refused: a typo must not be silent."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Section(Setting):
    """A section: every field has a default. `name` is its key in Consul, below the prefix of the configuration."""

    name: ClassVar[str]


class Unusable(ValueError):
    """A document that is no patch of its section; `errors` are (dotted path, what is wrong)."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in errors))
        self.errors = errors


def resolved(section: type[S], document: bytes | None) -> S:
    """The section with `document`, a JSON merge patch (RFC 7396), over its defaults. None patches nothing.

    Raises Unusable.
    """
    try:
        patch = {} if document is None else orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise Unusable(("body", f"not valid JSON: {error}")) from error
    if not isinstance(patch, dict):
        raise Unusable(("body", "must be a JSON object"))
    return patched(section(), patch)


def patched(section: S, patch: Json) -> S:
    """`section` with a merge patch applied. Raises Unusable."""
    try:
        return type(section).model_validate_json(orjson.dumps(merged(section.model_dump(mode="json"), patch)))
    except (ValidationError, orjson.JSONEncodeError) as error:
        raise unusable(error) from error


def unusable(error: ValidationError | orjson.JSONEncodeError) -> Unusable:
    """What is wrong, by dotted path."""
    if not isinstance(error, ValidationError):
        return Unusable(("body", str(error)))
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return Unusable(
        *(
            (".".join(map(str, item["loc"])) or "body", item["msg"].removeprefix("Value error, "))
            for item in found
        )
    )


def encoded(patch: Json) -> bytes:
    """A patch as it is stored. Raises Unusable."""
    try:
        return orjson.dumps(patch, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise unusable(error) from error


def merged(target: Any, patch: Any) -> Any:
    """A merge patch applied: objects are merged, null takes away, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    known = target if isinstance(target, dict) else {}
    changed = {name: merged(known.get(name), value) for name, value in patch.items() if value is not None}
    return {name: value for name, value in known.items() if name not in patch} | changed
