"""What version 1 takes: fields of several requests, with the rules that the services behind it check."""

from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from gateway.vocabulary import Brand, CategoryPath, Cursor, ImageUrl, Label, Sku
from services.contracts.money import MAX_AMOUNT, Money

LEFT_OUT: Any = None
"""The default of a field that may be left out, but not be null."""

_LINE: Final = r"[^\x00-\x1f]"
_SLUG: Final = "[a-z0-9]+(-[a-z0-9]+)*"


class Input(BaseModel):
    """A field that is not named here is refused, never ignored."""

    model_config = ConfigDict(extra="forbid")


class MoneyIn(Money, Input):
    """An amount in minor units."""


Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]
Where = Annotated[Cursor, Field(max_length=500)]
Note = Annotated[
    str, Field(min_length=1, max_length=500, description="In your own words.", examples=["Ordered twice"])
]
MinorUnits = Annotated[int, Field(ge=0, le=MAX_AMOUNT, description="In minor units.", examples=[2500])]
StockedSku = Annotated[Sku, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
SlugText = Annotated[str, Field(pattern=f"^{_SLUG}$", max_length=100, examples=["pour-over-coffee-maker"])]
Category = Annotated[CategoryPath, Field(pattern=f"^{_SLUG}(/{_SLUG}){{0,4}}$", max_length=200)]
BrandName = Annotated[Brand, Field(pattern=f"^{_LINE}{{1,100}}$")]
Word = Annotated[Label, Field(pattern=f"^{_LINE}{{1,50}}$")]
Picture = Annotated[ImageUrl, Field(min_length=1, max_length=2048)]


T = TypeVar("T")
Blank = Annotated[T | None, Field(json_schema_extra={"allowEmptyValue": True})]
"""A parameter that may be there without a value, as forms send it, and then counts as left out."""


class PageQuery(Input):
    """Which page of a list."""

    limit: Limit = 20
    cursor: Where | None = None
