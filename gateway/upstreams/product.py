"""What the gateway reads of the product service. Fields it does not name may come and go."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from gateway.contract import Like
from gateway.upstreams.batches import listed
from gateway.upstreams.client import Calls, Service, path
from gateway.vocabulary import (
    Attributes,
    Brand,
    CategoryPath,
    ImageText,
    ImageUrl,
    Label,
    NextCursor,
    ProductId,
    ProductName,
    ProductStatus,
    ProductText,
    Sku,
    Slug,
    Time,
)
from services.contracts.money import Money


class Summary(BaseModel):
    """A product in a list."""

    id: ProductId
    slug: Slug
    name: ProductName
    price: Money
    compare_at_price: Money | None = None
    brand: Brand | None = None
    category: CategoryPath | None = None
    image: ImageUrl | None = None
    skus: tuple[Sku, ...]


class Summaries(BaseModel):
    """Some products."""

    items: tuple[Summary, ...]


class Facet(BaseModel):
    """How many of the products that match have this value."""

    value: Annotated[str, Field(examples=["Brewline"])]
    count: Annotated[int, Field(examples=[12])]


class Facets(BaseModel):
    """What the whole list can be narrowed by. Not `complete`: only the first thousand products were counted."""

    brands: tuple[Facet, ...]
    categories: tuple[Facet, ...]
    complete: Annotated[bool, Field(examples=[True])]


class Showcase(BaseModel):
    """What a visitor is shown first."""

    featured: tuple[Summary, ...]
    newest: tuple[Summary, ...]


class Category(BaseModel):
    """A category with those that lie in it. `path` is what products and queries name it by."""

    path: CategoryPath
    slug: Annotated[str, Field(description="The last part of its path.", examples=["coffee"])]
    name: Annotated[str, Field(examples=["Coffee"])]
    children: Annotated[tuple["Category", ...], Field(examples=[[]])]


class _Tree(BaseModel):
    items: tuple[Category, ...]


class Listing(Summaries):
    """One page of a list, and what the whole of it can be narrowed by."""

    next_cursor: NextCursor = None
    facets: Annotated[dict[str, Any], Like(Facets)]


class Image(BaseModel):
    """One image of a product."""

    url: ImageUrl
    alt: ImageText = ""
    primary: Annotated[bool, Field(examples=[True])] = False


class Variant(BaseModel):
    """One orderable form of a product."""

    sku: Sku
    attributes: Attributes
    price: Money


class Seo(BaseModel):
    """What search engines are shown in place of name and description."""

    title: Annotated[str, Field(examples=["Pour-over Coffee Maker for six"])] | None
    description: Annotated[str, Field(examples=["No paper waste."])] | None


class Product(BaseModel):
    """A whole product."""

    id: ProductId
    slug: Slug
    name: ProductName
    description: ProductText
    price: Money
    compare_at_price: Money | None = None
    category: CategoryPath | None = None
    brand: Brand | None = None
    tags: tuple[Label, ...] = ()
    images: tuple[Image, ...] = ()
    image: ImageUrl | None = None
    variants: tuple[Variant, ...]
    seo: Annotated[dict[str, str | None], Like(Seo)] = {}
    status: ProductStatus
    published_at: Time | None = None
    created_at: Time
    updated_at: Time

    @property
    def skus(self) -> tuple[str, ...]:
        """The skus of its variants."""
        return tuple(variant.sku for variant in self.variants)


class _Priced(BaseModel):
    status: str
    variants: tuple[Variant, ...]


class _Batch(BaseModel):
    items: tuple[_Priced, ...]


class _Products(BaseModel):
    items: tuple[Product, ...]


def skus_of(items: Iterable[Summary]) -> tuple[str, ...]:
    """The skus of all these products."""
    return tuple(sku for item in items for sku in item.skus)


async def products(calls: Calls, query: str) -> Listing:
    """One page of the list that `query`, a query string with its question mark, asks for."""
    return await calls.read(Service.PRODUCT, "/products" + query, Listing)


async def product(calls: Calls, key: str) -> Product:
    """A product by its id or slug. Raises NotFound."""
    return await calls.read(Service.PRODUCT, path("products", key), Product)


async def prices(calls: Calls, skus: Iterable[str]) -> Mapping[str, Money]:
    """What each of a batch of skus costs now; those that are not on sale are left out."""
    found = await calls.read(Service.PRODUCT, f"/product-batch?skus={listed(skus)}", _Batch)
    on_sale = [product for product in found.items if product.status == "active"]
    return {variant.sku: variant.price for product in on_sale for variant in product.variants}


async def on_sale(calls: Calls, skus: Iterable[str]) -> Mapping[str, Product]:
    """The products of a batch of skus, by sku; those that are not on sale are left out."""
    found = await calls.read(Service.PRODUCT, f"/product-batch?skus={listed(skus)}", _Products)
    return {sku: product for product in found.items if product.status == "active" for sku in product.skus}


async def showcase(calls: Calls) -> Showcase:
    """Featured and new products."""
    return await calls.read(Service.PRODUCT, "/showcase", Showcase)


async def categories(calls: Calls) -> tuple[Category, ...]:
    """The roots of the tree of categories."""
    return (await calls.read(Service.PRODUCT, "/categories", _Tree)).items


async def related(calls: Calls, product_id: str) -> tuple[Summary, ...]:
    """Products that go with one."""
    found = await calls.read(Service.PRODUCT, path("products", product_id, "related"), Summaries)
    return found.items
