"""How products are written, and the tree of categories that they hang in."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from gateway.contract import NOT_MODIFIED, Contract
from gateway.upstreams import product as source
from gateway.upstreams.product import Image, Seo, Variant
from gateway.v1.inputs import (
    LEFT_OUT,
    BrandName,
    Category,
    Input,
    MoneyIn,
    Picture,
    SlugText,
    StockedSku,
    Word,
)
from gateway.v1.products import PRODUCTS
from gateway.vocabulary import (
    Brand,
    CategoryPath,
    ImageText,
    ImageUrl,
    Label,
    ProductId,
    ProductName,
    ProductStatus,
    ProductText,
    Slug,
    Time,
    Version,
)
from services.contracts.money import Money

_Name = Annotated[ProductName, Field(min_length=1, max_length=200)]
_Text = Annotated[ProductText, Field(max_length=10_000)]
_AttributeName = Annotated[str, Field(pattern=r"^\w[\w -]{0,49}$")]
_AttributeValue = Annotated[str, Field(min_length=1, max_length=200)]


class EditedPath(BaseModel):
    """Which product; its slug will not do, for that may be what is changed."""

    id: ProductId


class ImageIn(Input):
    """One image. The first that is `primary` stands for the product; the first of all where none is."""

    url: Picture
    alt: Annotated[ImageText, Field(max_length=300)] = ""
    primary: bool = False


class VariantIn(Input):
    """One orderable form. Without a price of its own it costs what the product costs."""

    sku: StockedSku
    attributes: Annotated[
        dict[_AttributeName, _AttributeValue], Field(max_length=20, examples=[{"size": "6 cups"}])
    ] = LEFT_OUT
    price: MoneyIn | None = None


class SeoIn(Input):
    """What search engines are shown in place of name and description."""

    title: Annotated[str, Field(max_length=200, examples=["Pour-over Coffee Maker for six"])] | None = None
    description: Annotated[str, Field(max_length=500, examples=["No paper waste."])] | None = None


class ProductIn(Input):
    """A new product. Without a slug it gets one made from its name; without variants, one whose sku is the slug."""

    name: _Name
    price: MoneyIn
    slug: SlugText = LEFT_OUT
    description: _Text = ""
    compare_at_price: MoneyIn | None = None
    category: Category | None = None
    brand: BrandName | None = None
    tags: Annotated[tuple[Word, ...], Field(max_length=16)] = ()
    images: Annotated[tuple[ImageIn, ...], Field(max_length=20)] = ()
    variants: Annotated[tuple[VariantIn, ...], Field(max_length=100)] = ()
    seo: SeoIn = LEFT_OUT
    status: ProductStatus = "active"


class ProductPatch(Input):
    """The fields to change. With `version`, only if the product is still at that one."""

    version: Annotated[Version, Field(ge=1)] = LEFT_OUT
    name: _Name = LEFT_OUT
    price: MoneyIn = LEFT_OUT
    slug: SlugText = LEFT_OUT
    description: _Text = LEFT_OUT
    compare_at_price: MoneyIn | None = None
    category: Category | None = None
    brand: BrandName | None = None
    tags: Annotated[tuple[Word, ...], Field(max_length=16)] = LEFT_OUT
    images: Annotated[tuple[ImageIn, ...], Field(max_length=20)] = LEFT_OUT
    variants: Annotated[tuple[VariantIn, ...], Field(max_length=100)] = LEFT_OUT
    seo: SeoIn = LEFT_OUT
    status: ProductStatus = LEFT_OUT


class ProductOut(BaseModel):
    """The product as it is now."""

    id: ProductId
    slug: Slug
    name: ProductName
    description: ProductText
    price: Money
    compare_at_price: Money | None
    category: CategoryPath | None
    brand: Brand | None
    tags: tuple[Label, ...]
    images: tuple[Image, ...]
    image: Annotated[ImageUrl | None, Field(description="The primary image.")]
    variants: tuple[Variant, ...]
    seo: Seo
    status: ProductStatus
    published_at: Annotated[Time | None, Field(description="When it first became active.")]
    version: Version
    created_at: Time
    updated_at: Time


class CategoriesOut(BaseModel):
    """The roots of the tree."""

    items: tuple[source.Category, ...]


_TAKEN: Final = {
    "slug-in-use": "Another product has this slug.",
    "sku-in-use": "Another product has one of these skus.",
}

CREATE: Final = Contract(
    PRODUCTS,
    "create_product",
    "Put a product into the catalogue",
    "It can be ordered within a second, once it has stock.",
    takes=ProductIn,
    gives={201: ProductOut},
    refuses={409: _TAKEN},
)

CHANGE: Final = Contract(
    PRODUCTS,
    "change_product",
    "Change a product",
    "Everybody sees the change within a second. Without a difference to what it is, nothing happens.",
    path=EditedPath,
    takes=ProductPatch,
    gives={200: ProductOut},
    refuses={409: {**_TAKEN, "version-mismatch": "The product is at another version by now."}},
)

ARCHIVE: Final = Contract(
    PRODUCTS,
    "archive_product",
    "Take a product off the catalogue",
    "It is archived, for what was ordered of it must still have a name. `PATCH` its status to bring it back.",
    path=EditedPath,
    gives={204: "The product is archived."},
)

CATEGORIES: Final = Contract(
    PRODUCTS,
    "list_categories",
    "The tree of categories",
    gives={200: CategoriesOut, 304: NOT_MODIFIED},
)
