"""What the product service says."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from services.contracts.message import Event, Value
from services.contracts.money import Money


class Variant(Value):
    """One orderable form of a product."""

    sku: str
    attributes: dict[str, str] = Field(default_factory=dict)
    price: Money


class ProductChanged(Event):
    """The full state of a product after a change. A reader applies it only when `version` is newer than what it has."""

    kind: ClassVar[str] = "product.product_changed.v1"

    product_id: str
    version: int
    slug: str
    name: str
    status: Literal["draft", "active", "archived"]
    category: str | None = None
    brand: str | None = None
    image: str | None = None
    variants: tuple[Variant, ...]
    changed_at: datetime
