"""Products, alone and in lists."""

from collections.abc import Mapping

import strawberry
from strawberry import Parent

from gateway.compositions.product_page import ProductPage
from gateway.graphql.context import Info
from gateway.graphql.loaders import Count
from gateway.graphql.types.values import Money
from gateway.graphql.words import ProductId, by, shape
from gateway.upstreams import product as source
from gateway.vocabulary import (
    Available,
    Brand,
    CategoryPath,
    ImageText,
    ImageUrl,
    Label,
    NextCursor,
    ProductName,
    ProductStatus,
    ProductText,
    Sku,
    Slug,
    Time,
)


def _available(product: Parent[source.Summary], info: Info) -> Count:
    return info.context.loaders.available(product.skus)


def _available_of_one(variant: Parent[source.Variant], info: Info) -> Count:
    return info.context.loaders.available((variant.sku,))


@shape
class Card:
    """A product in a list."""

    id: ProductId
    slug: Slug
    name: ProductName
    price: Money
    compare_at_price: Money | None
    brand: Brand | None
    category: CategoryPath | None
    image: ImageUrl | None
    skus: list[Sku]
    available: Available = by(_available)


@shape
class Facet:
    """How many of the products that match have this value."""

    value: str
    count: int


@shape
class Facets:
    """What a list can be narrowed by. Not `complete`: only the first thousand products were counted."""

    brands: list[Facet]
    categories: list[Facet]
    complete: bool


@shape
class Products:
    """One page of products."""

    items: list[Card]
    next_cursor: NextCursor
    facets: Facets


@shape
class Attribute:
    """What tells a variant from the others of its product."""

    name: str
    value: str


def _attributes(variant: Parent[source.Variant]) -> list[Mapping[str, str]]:
    return [{"name": name, "value": value} for name, value in variant.attributes.items()]


@shape
class Variant:
    """One orderable form of a product."""

    sku: Sku
    attributes: list[Attribute] = by(_attributes)
    price: Money
    available: Available = by(_available_of_one)


@shape
class Image:
    """One image of a product."""

    url: ImageUrl
    alt: ImageText
    primary: bool


@shape
class Seo:
    """What search engines are shown in place of name and description."""

    title: str | None
    description: str | None


class FoundProduct(source.Product):
    """A product with what its page shows beside it; `related` is None when it could not be had."""

    related: tuple[source.Summary, ...] | None

    @classmethod
    def of(cls, page: ProductPage) -> "FoundProduct":
        """The product of a page."""
        return cls(**dict(page.product), related=page.related)


@shape
class Product:
    """A whole product."""

    id: ProductId
    slug: Slug
    name: ProductName
    description: ProductText
    price: Money
    compare_at_price: Money | None
    category: CategoryPath | None
    brand: Brand | None
    tags: list[Label]
    images: list[Image]
    image: ImageUrl | None
    variants: list[Variant]
    seo: Seo
    status: ProductStatus
    published_at: Time | None
    created_at: Time
    updated_at: Time
    available: Available = by(_available)
    related: list[Card] | None = strawberry.field(description="Others of its category.")


@shape
class Category:
    """A category with those that lie in it. `path` is what products and queries name it by."""

    path: CategoryPath
    slug: str = strawberry.field(description="The last part of its path.")
    name: str
    children: list["Category"]
