"""What goes wrong in an operation, as its client is told of it: the same slugs that problem documents have."""

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.utils.str_converters import to_camel_case

from observability import context
from services.chassis.errors import Malformed, Refusal, RetryLater

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "malformed": "It is no GraphQL.",
        "invalid": "It does not fit the schema, or a variable does not fit it.",
        "no-such-operation": "`operationName` names none of its operations, or it has several and none is named.",
        "introspection-off": "The schema is told to support and admin only.",
        "fragment-cycle": "A fragment contains itself.",
        "too-many-tokens": "The document is too long.",
        "too-many-definitions": "It has too many operations and fragments.",
        "too-many-directives": "It has too many directives.",
        "too-many-aliases": "It has too many aliases.",
        "too-many-fields": "It has too many fields, with its fragments written out.",
        "too-many-values": "Its variables have too many values.",
        "too-many-root-fields": "It asks for too many things at once.",
        "too-deep": "Its fields or brackets are too deep inside one another.",
        "too-costly": "Its answer could have too many values.",
    }
)
"""Why an operation is refused before anything of it is done. What goes wrong in it has the slugs of problems."""

INTERNAL: Final = "internal"
_LONGEST: Final = 300
"""Characters of a message: it may repeat what was sent."""

_log = logging.getLogger(__name__)


class Unacceptable(Exception):
    """The operation is refused before anything of it is done."""

    def __init__(self, errors: Iterable[GraphQLError]) -> None:
        self.errors = tuple(errors)
        super().__init__(*self.errors)

    @classmethod
    def of(cls, refusal: Refusal) -> "Unacceptable":
        """For this reason."""
        return cls([GraphQLError(refusal.detail, original_error=refusal)])


class _Told(NamedTuple):
    code: str
    message: str
    more: Mapping[str, Any] = MappingProxyType({})


def told(error: GraphQLError) -> dict[str, Any]:
    """An error of an answer: `extensions` has its `code`, and the `trace_id` that operators find the whole story by."""
    code, message, more = _told(error)
    return {
        **error.formatted,
        "message": message[:_LONGEST],
        "extensions": {"code": code, "trace_id": context.trace_id(), **more},
    }


def log_unexpected(errors: Iterable[GraphQLError]) -> None:
    """Log what is a fault of ours, and nothing else."""
    for error in errors:
        if _told(error).code == INTERNAL:
            _log.error("an unexpected failure at %s", error.path, exc_info=error.original_error)


def _told(error: GraphQLError) -> _Told:
    match error.original_error:
        case Malformed() as refusal if refusal.errors:
            fields = [{"field": argument(one.field), "message": one.message} for one in refusal.errors]
            return _Told(refusal.slug, refusal.detail, {"errors": fields})
        case RetryLater() as refusal:
            return _Told(refusal.slug, refusal.detail, {"retry_after": refusal.retry_after})
        case Refusal() as refusal:
            return _Told(refusal.slug, refusal.detail)
        case original if error.path is None or original is None or isinstance(original, GraphQLError):
            # The library's, which says what is wrong with what was sent.
            syntax = isinstance(error, GraphQLSyntaxError)
            return _Told("malformed" if syntax else "invalid", error.message)
        case _:
            return _Told(INTERNAL, "something went wrong on our side; it has been logged")


def argument(field: str) -> str:
    """A field as services name it, `shipping_address.full_name`, by the names of the schema."""
    return ".".join(to_camel_case(part) for part in field.split("."))
