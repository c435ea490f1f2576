"""What the product service's HTTP edge takes and gives."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.contracts.money import MAX_AMOUNT, Money
from services.product.domain import (
    Brand,
    CategoryPath,
    Content,
    Image,
    Name,
    Product,
    Seo,
    Sku,
    Slug,
    Status,
    Tag,
    Variant,
)

_UNSET: Any = None
"""Default of fields that may be left out but not be null: a default is not validated, a null is."""

MAX_BATCH = 100


class Input(BaseModel):
    """Unknown fields are refused: nothing that a client sends is silently ignored.

    As the last of several bases, for the configuration of the last one counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class MoneyIn(Money, Input):
    """An amount in minor units."""


class ImageIn(Image, Input):
    """One image."""


class VariantIn(Variant, Input):
    """One orderable form."""

    price: MoneyIn | None = None


class SeoIn(Seo, Input):
    """Texts for search engines."""


class ProductIn(Content, Input):
    """A new product."""

    price: MoneyIn
    slug: Slug = ""
    compare_at_price: MoneyIn | None = None
    images: Annotated[tuple[ImageIn, ...], Field(max_length=20)] = ()
    variants: Annotated[tuple[VariantIn, ...], Field(max_length=100)] = ()
    seo: SeoIn = SeoIn()


class ProductPatch(Input):
    """The fields to change. With `version` the change is refused when the product is at another one by now."""

    version: Annotated[int, Field(ge=1, strict=True)] = _UNSET
    name: Name = _UNSET
    price: MoneyIn = _UNSET
    slug: Slug = _UNSET
    description: Annotated[str, Field(max_length=10_000)] = _UNSET
    compare_at_price: MoneyIn | None = None
    category: CategoryPath | None = None
    brand: Brand | None = None
    tags: Annotated[tuple[Tag, ...], Field(max_length=16)] = _UNSET
    images: Annotated[tuple[ImageIn, ...], Field(max_length=20)] = _UNSET
    variants: Annotated[tuple[VariantIn, ...], Field(max_length=100)] = _UNSET
    seo: SeoIn = _UNSET
    status: Status = _UNSET

    def changes(self) -> dict[str, object]:
        """The fields that were given, as plain data."""
        return self.model_dump(exclude_unset=True, exclude={"version"})


class VariantOut(BaseModel):
    """A variant with what it costs."""

    sku: str
    attributes: dict[str, str]
    price: Money


class ProductOut(BaseModel):
    """A whole product."""

    id: str
    slug: str
    name: str
    description: str
    price: Money
    compare_at_price: Money | None
    category: str | None
    brand: str | None
    tags: tuple[str, ...]
    images: tuple[Image, ...]
    image: str | None
    variants: tuple[VariantOut, ...]
    seo: Seo
    status: Status
    published_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, product: Product) -> Self:
        """As clients see it."""
        variants = tuple(
            VariantOut(sku=variant.sku, attributes=variant.attributes, price=product.price_of(variant))
            for variant in product.variants
        )
        image = product.image.url if product.image else None
        return cls(**(dict(product) | {"variants": variants, "image": image}))


class ProductSummary(BaseModel):
    """A product in a list."""

    id: str
    slug: str
    name: str
    price: Money
    compare_at_price: Money | None
    brand: str | None
    category: str | None
    image: str | None
    skus: tuple[str, ...]

    @classmethod
    def of(cls, product: Product) -> Self:
        """As lists show it."""
        image = product.image.url if product.image else None
        skus = tuple(variant.sku for variant in product.variants)
        return cls(**(dict(product) | {"image": image, "skus": skus}))


class ProductsOut(BaseModel):
    """Whole products, in no particular order."""

    items: tuple[ProductOut, ...]


class RelatedOut(BaseModel):
    """Products that go with another."""

    items: tuple[ProductSummary, ...]


class ShowcaseOut(BaseModel):
    """What a visitor is shown first. A product may be in both."""

    featured: tuple[ProductSummary, ...]
    newest: tuple[ProductSummary, ...]


class FacetOut(BaseModel):
    """How many of the products that a query finds have this value."""

    value: str
    count: int


class FacetsOut(BaseModel):
    """What a query's products can be narrowed by. Not `complete`: only the first thousand were counted."""

    brands: tuple[FacetOut, ...]
    categories: tuple[FacetOut, ...]
    complete: bool


class ProductPageOut(BaseModel):
    """One page of a list, and facets of the whole of it."""

    items: tuple[ProductSummary, ...]
    next_cursor: str | None
    facets: FacetsOut


class CategoryOut(BaseModel):
    """A category with those that lie in it. `path` is what products and queries name it by."""

    path: str
    slug: str
    name: str
    children: tuple["CategoryOut", ...]

    @classmethod
    def of(cls, path: str, name: str, children: tuple["CategoryOut", ...]) -> Self:
        """One node."""
        return cls(path=path, slug=path.rpartition("/")[2], name=name, children=children)


class CategoriesOut(BaseModel):
    """The roots of the tree."""

    items: tuple[CategoryOut, ...]


def _blank_is_absent(value: object) -> object:
    return None if value == "" else value


def _separated(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


Sort = Literal["relevance", "newest", "price", "-price", "name"]
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
Blank = BeforeValidator(_blank_is_absent)


class ListQuery(Input):
    """What is looked for. Prices are minor units. Without `sort` it is relevance for a search, else newest."""

    q: Annotated[Annotated[str, Field(min_length=1, max_length=200)] | None, Blank] = None
    category: Annotated[CategoryPath | None, Blank] = None
    brand: Annotated[Brand | None, Blank] = None
    tag: Annotated[Tag | None, Blank] = None
    min_price: Annotated[Amount | None, Blank] = None
    max_price: Annotated[Amount | None, Blank] = None
    sort: Annotated[Sort | None, Blank] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[Annotated[str, Field(max_length=2000)] | None, Blank] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise ValueError("min_price must not be above max_price")
        if self.sort == "relevance" and self.q is None:
            raise ValueError("sort=relevance needs q")
        return self

    @property
    def order(self) -> Sort:
        """The order to list in."""
        return self.sort or ("relevance" if self.q else "newest")


class BatchQuery(Input):
    """Products by id or by sku, up to a hundred, separated by commas."""

    ids: Annotated[Sequence[str], BeforeValidator(_separated), Field(max_length=MAX_BATCH)] = ()
    skus: Annotated[Sequence[Sku], BeforeValidator(_separated), Field(max_length=MAX_BATCH)] = ()

    @model_validator(mode="after")
    def _either(self) -> Self:
        if bool(self.ids) == bool(self.skus):
            raise ValueError("give either ids or skus")
        return self
