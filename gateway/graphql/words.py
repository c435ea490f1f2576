"""What the types of the schema are made of: its scalars, its enumerations, and where their descriptions come from."""

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, NewType, TypeVar

import strawberry
from pydantic.fields import FieldInfo
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryObjectDefinition

from gateway import vocabulary
from services.contracts.money import MAX_AMOUNT

T = TypeVar("T")

MinorUnits = NewType("MinorUnits", int)

# Clients keep things in their caches by what is an ID.
UserId = Annotated[strawberry.ID, vocabulary.UserId.__metadata__[0]]
OrderId = Annotated[strawberry.ID, vocabulary.OrderId.__metadata__[0]]
PaymentId = Annotated[strawberry.ID, vocabulary.PaymentId.__metadata__[0]]
ProductId = Annotated[strawberry.ID, vocabulary.ProductId.__metadata__[0]]


@strawberry.enum(description="Where an order is.")
class OrderStatus(StrEnum):
    """Those of the order service."""

    CREATED = "CREATED"
    PENDING = "PENDING"
    PAID = "PAID"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    RETURNED = "RETURNED"
    REFUNDED = "REFUNDED"


@strawberry.enum(description="How a list of products is sorted.")
class ProductSort(StrEnum):
    """By the words of the product service."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NAME = "name"


def shape(cls: type[T]) -> type[T]:
    """A type of the schema, which shows what a model or a dictionary has under the same names.

    Its description is its docstring; those of its fields are the vocabulary's, where they are not given.
    """
    described = strawberry.type(cls, description=inspect.getdoc(cls))
    definition: StrawberryObjectDefinition = described.__strawberry_definition__  # type: ignore[attr-defined]
    hints = inspect.get_annotations(cls)
    for field in definition.fields:
        field.description = field.description or _meaning(hints[field.python_name])
    return described


def by(resolver: Callable[..., Any], description: str | None = None) -> Any:
    """A field that is more than a look at its source."""
    return strawberry.field(resolver=resolver, description=description)


def _meaning(hint: Any) -> str | None:
    """What the vocabulary says of a word."""
    told = (one.description for one in getattr(hint, "__metadata__", ()) if isinstance(one, FieldInfo))
    return next(filter(None, told), None)


def _read(source: Any, name: str) -> Any:
    return source[name] if isinstance(source, Mapping) else getattr(source, name)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _amount(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_AMOUNT:
        raise ValueError(f"must be a whole number from 0 to {MAX_AMOUNT}")
    return value


CONFIG: Final = StrawberryConfig(
    default_resolver=_read,
    scalar_map={
        MinorUnits: strawberry.scalar(
            name="MinorUnits",
            description="A whole number of cents or the like, beyond 32 bits where it must be.",
            serialize=int,
            parse_value=_amount,
        ),
        datetime: strawberry.scalar(
            name="DateTime",
            description="RFC 3339, in UTC.",
            serialize=_utc,
            parse_value=datetime.fromisoformat,
        ),
    },
)
