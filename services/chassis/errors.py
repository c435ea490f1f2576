"""Refusals: the categories of "no" that a use case can give. They know nothing of HTTP; the edges render them."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; `field` is a dotted path such as `items.0.quantity`."""

    field: str
    message: str


class Refusal(Exception):
    """A deliberate "no". `slug` is stable and part of the public contract, `detail` is for people."""

    title: ClassVar[str]
    default_slug: ClassVar[str]

    def __init__(self, detail: str = "", *, slug: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.slug = slug or self.default_slug


class Malformed(Refusal):
    """What was sent cannot be read at all, or a header that is required is missing."""

    title, default_slug = "The request cannot be understood", "malformed"

    def __init__(
        self, detail: str = "", *, slug: str | None = None, errors: tuple[FieldError, ...] = ()
    ) -> None:
        super().__init__(detail, slug=slug)
        self.errors = errors


class Invalid(Malformed):
    """It can be read, but fields of it are wrong; `errors` names them."""

    title, default_slug = "The request has invalid fields", "invalid"

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """A refusal because of one field."""
        return cls(f"{field}: {message}", errors=(FieldError(field, message),))


class TooLarge(Refusal):
    """The body is larger than what is taken."""

    title, default_slug = "The body is too large", "too-large"


class UnsupportedMedia(Refusal):
    """The body is not of a type that is understood here."""

    title, default_slug = "The media type is not supported", "unsupported-media-type"


class Unauthenticated(Refusal):
    """Nobody, or somebody whose token is no good."""

    title, default_slug = "A valid access token is needed", "unauthenticated"


class Forbidden(Refusal):
    """Somebody, but without the role."""

    title, default_slug = "Your role does not allow this", "forbidden"


class NotFound(Refusal):
    """There is none, or it is not yours."""

    title, default_slug = "There is no such thing", "not-found"


class Conflict(Refusal):
    """The state of the thing does not allow it, or it exists already."""

    title, default_slug = "The current state does not allow this", "conflict"


class RetryLater(Refusal):
    """Not now. `retry_after` is in seconds."""

    def __init__(self, detail: str = "", *, slug: str | None = None, retry_after: int = 1) -> None:
        super().__init__(detail, slug=slug)
        self.retry_after = retry_after


class TooMany(RetryLater):
    """Too often."""

    title, default_slug = "Too many requests", "too-many-requests"


class Unavailable(RetryLater):
    """A part that is needed is missing or too slow for now."""

    title, default_slug = "Temporarily unavailable", "unavailable"


class Overloaded(Unavailable):
    """Everything is there, but there is more to do than can be done: no sign that a part has failed."""

    title, default_slug = "There is too much to do", "overloaded"
