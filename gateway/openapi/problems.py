"""What any endpoint may refuse: statuses, slugs and what they mean, also of what Envoy says by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field

from services.chassis import errors
from services.chassis.settings import ProcessSettings

MEDIA_TYPE: Final = "application/problem+json"
_MAX_BODY: Final[int] = ProcessSettings.model_fields["max_body_bytes"].default


class FieldProblem(BaseModel):
    """What is wrong with one field or parameter."""

    field: Annotated[str, Field(description="A dotted path.", examples=["items.0.quantity"])]
    message: Annotated[
        str, Field(description="For people.", examples=["Input should be greater than or equal to 1"])
    ]


class Problem(BaseModel):
    """A refusal, as RFC 9457 has it."""

    type: Annotated[
        str,
        Field(
            description="`urn:portico:problem:` and a slug that never changes: what programs look at.",
            examples=["urn:portico:problem:invalid"],
        ),
    ]
    title: Annotated[
        str, Field(description="The kind of it, for people.", examples=["The request has invalid fields"])
    ]
    status: Annotated[int, Field(description="The HTTP status.", examples=[422])]
    detail: Annotated[str, Field(description="This one, for people.", examples=["some fields are invalid"])]
    trace_id: Annotated[
        str | None,
        Field(
            description="Under which operators find the whole story; null when the request was too broken to have one.",
            examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
        ),
    ]
    errors: Annotated[
        tuple[FieldProblem, ...], Field(description="The wrong fields, where it is about fields.")
    ] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """What a status is called, and the slugs that anything may be refused with under it, as Markdown."""

    title: str
    slugs: Mapping[str, str]

    @classmethod
    def of(cls, category: type[errors.Refusal], meaning: str, **more: str) -> Self:
        """One of our own categories."""
        others = {slug.replace("_", "-"): text for slug, text in more.items()}
        return cls(category.title, {category.default_slug: meaning, **others})


REFUSALS: Final[Mapping[int, Refused]] = MappingProxyType(
    {
        400: Refused.of(
            errors.Malformed,
            "The request or its JSON cannot be read, or a header is missing that is required.",
        ),
        401: Refused.of(
            errors.Unauthenticated,
            "There is no access token although one is needed, or one that is not valid.",
        ),
        403: Refused.of(
            errors.Forbidden, "The caller's role does not allow it, or the token is meant for somebody else."
        ),
        404: Refused.of(errors.NotFound, "There is no such thing, or it is not the caller's."),
        408: Refused("The request took too long to arrive", {"request-timeout": "It came too slowly."}),
        409: Refused(errors.Conflict.title, {}),
        413: Refused.of(errors.TooLarge, f"The body is larger than {_MAX_BODY // 1024} KiB."),
        415: Refused.of(
            errors.UnsupportedMedia, "The body is not `application/json`, or it has a `Content-Encoding`."
        ),
        422: Refused.of(errors.Invalid, "Some fields or parameters are wrong; `errors` names them."),
        426: Refused("Another protocol is needed", {"upgrade-required": "Use HTTP/1.1 or HTTP/2."}),
        429: Refused.of(errors.TooMany, "Too often. Try again after `Retry-After` seconds."),
        431: Refused(
            "The headers are too large",
            {"headers-too-large": "They are longer than 32 KiB, or over a hundred."},
        ),
        500: Refused(
            "Something went wrong on our side", {"internal": "A fault of ours; it has been logged."}
        ),
        502: Refused(
            "Temporarily unavailable", {"bad-gateway": "No usable answer came from behind the door."}
        ),
        503: Refused.of(
            errors.Unavailable,
            "A part that is needed is missing. Try again after `Retry-After` seconds.",
            overloaded="More is asked at this moment than can be done.",
            deadline_exceeded="A part that is needed was too slow.",
        ),
        504: Refused("It took too long", {"deadline-exceeded": "No answer came in time."}),
    }
)

ALWAYS: Final = (400, 401, 403, 408, 413, 426, 429, 431, 500, 502, 503, 504)
"""What any request can meet: at the edge, for its token, or because a part is missing."""

RETRIED: Final = (429, 502, 503, 504)
"""What tells when to try again."""


def problem(status: int, slug: str, detail: str) -> dict[str, object]:
    """An example of a problem document."""
    named = {"errors": [{"field": "limit", "message": "Input should be less than or equal to 100"}]}
    return {
        "type": f"urn:portico:problem:{slug}",
        "title": REFUSALS[status].title,
        "status": status,
        "detail": detail,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        **(named if status == 422 else {}),
    }


def meaning(slugs: Mapping[str, str]) -> str:
    """What slugs mean, as Markdown; one that is alone needs no name."""
    if len(slugs) == 1:
        return "".join(slugs.values())
    return "\n".join(f"- `{slug}`: {text}" for slug, text in slugs.items())
