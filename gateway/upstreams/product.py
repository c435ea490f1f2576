"""What the gateway reads of the product service. Fields it does not name may come and go."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from gateway.upstreams.batches import listed
from gateway.upstreams.client import Calls, Service, path
from services.contracts.money import Money


class Summary(BaseModel):
    """A product in a list."""

    id: str
    slug: str
    name: str
    price: Money
    compare_at_price: Money | None = None
    brand: str | None = None
    category: str | None = None
    image: str | None = None
    skus: tuple[str, ...]


class Summaries(BaseModel):
    """Some products."""

    items: tuple[Summary, ...]


class Showcase(BaseModel):
    """What a visitor is shown first."""

    featured: tuple[Summary, ...]
    newest: tuple[Summary, ...]


class Category(BaseModel):
    """A category with those that lie in it. `path` is what products and queries name it by."""

    path: str
    slug: str
    name: str
    children: tuple["Category", ...]


class _Tree(BaseModel):
    items: tuple[Category, ...]


class Listing(Summaries):
    """One page of a list, and what the whole of it can be narrowed by."""

    next_cursor: str | None = None
    facets: dict[str, Any]


class Image(BaseModel):
    """One image of a product."""

    url: str
    alt: str = ""
    primary: bool = False


class Variant(BaseModel):
    """One orderable form of a product."""

    sku: str
    attributes: dict[str, str]
    price: Money


class Product(BaseModel):
    """A whole product."""

    id: str
    slug: str
    name: str
    description: str
    price: Money
    compare_at_price: Money | None = None
    category: str | None = None
    brand: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    image: str | None = None
    variants: tuple[Variant, ...]
    seo: dict[str, str | None] = {}
    status: str
    published_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def skus(self) -> tuple[str, ...]:
        """The skus of its variants."""
        return tuple(variant.sku for variant in self.variants)


class _Priced(BaseModel):
    status: str
    variants: tuple[Variant, ...]


class _Batch(BaseModel):
    items: tuple[_Priced, ...]


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
