"""An upstream's "no" as our own: the same problem, told to the client by us."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ValidationError

from services.chassis import errors
from services.chassis.errors import FieldError

_PREFIX: Final = "urn:portico:problem:"
_PLAIN: Final[Mapping[int, type[errors.Refusal]]] = MappingProxyType(
    {
        401: errors.Unauthenticated,
        403: errors.Forbidden,
        404: errors.NotFound,
        409: errors.Conflict,
        413: errors.TooLarge,
        415: errors.UnsupportedMedia,
    }
)


class _Field(BaseModel):
    field: str
    message: str


class _Problem(BaseModel):
    type: str = ""
    detail: str = ""
    errors: tuple[_Field, ...] = ()

    @property
    def slug(self) -> str | None:
        return self.type.removeprefix(_PREFIX) if self.type.startswith(_PREFIX) else None

    @property
    def fields(self) -> tuple[FieldError, ...]:
        return tuple(FieldError(error.field, error.message) for error in self.errors)


def refusal(service: str, status: int, body: bytes, retry_after: str | None) -> errors.Refusal:
    """The refusal that an answer of 400 or above stands for. What is no refusal of a service's is Unavailable."""
    problem = _problem(body)
    seconds = int(retry_after) if retry_after and retry_after.isdecimal() else 1
    match status:
        case 400:
            return errors.Malformed(problem.detail, slug=problem.slug, errors=problem.fields)
        case 422:
            return errors.Invalid(problem.detail, slug=problem.slug, errors=problem.fields)
        case 429:
            return errors.TooMany(problem.detail, slug=problem.slug, retry_after=seconds)
        case 503 if problem.slug == errors.Overloaded.default_slug:
            return errors.Overloaded(problem.detail, retry_after=seconds)
        case 503 | 504:
            return errors.Unavailable(problem.detail, slug=problem.slug, retry_after=seconds)
        case _ if status in _PLAIN:
            return _PLAIN[status](problem.detail, slug=problem.slug)
        case _:
            return errors.Unavailable(f"the {service} service gave no usable answer")


def _problem(body: bytes) -> _Problem:
    try:
        return _Problem.model_validate_json(body)
    except ValidationError:
        return _Problem()
