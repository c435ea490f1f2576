"""The product service's documents, and the indexes that serve its queries."""

from typing import ClassVar, Self

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel

from services.product.domain import Product, listings

NEWEST = IndexModel(
    [
        ("listings", ASCENDING),
        ("product.published_at", DESCENDING),
        ("_id", DESCENDING),
        ("product.price.amount", ASCENDING),
    ],
    name="newest",
)
CHEAPEST = IndexModel(
    [
        ("listings", ASCENDING),
        ("product.price.amount", ASCENDING),
        ("_id", ASCENDING),
        # With these the facets are counted in the index alone.
        ("product.brand", ASCENDING),
        ("product.category", ASCENDING),
    ],
    name="cheapest",
)
BY_NAME = IndexModel(
    [
        ("listings", ASCENDING),
        ("name_key", ASCENDING),
        ("_id", ASCENDING),
        ("product.price.amount", ASCENDING),
    ],
    name="by_name",
)
SEARCH = IndexModel(
    [("product.name", TEXT), ("product.tags", TEXT), ("product.description", TEXT)],
    weights={"product.name": 10, "product.tags": 5, "product.description": 1},
    name="search",
)


class StoredProduct(Document):
    """A product with what is derived from it to find it by: `listings`, `skus` and `name_key`.

    Each of the sorted indexes has the price, so that a price range is decided before a document is fetched.
    """

    id: str  # type: ignore[assignment]
    product: Product
    listings: tuple[str, ...]
    skus: tuple[str, ...]
    name_key: str

    class Settings:
        name = "products"
        indexes: ClassVar = [
            IndexModel([("product.slug", ASCENDING)], name="slug", unique=True),
            IndexModel([("skus", ASCENDING)], name="skus", unique=True),
            NEWEST,
            CHEAPEST,
            BY_NAME,
            SEARCH,
        ]

    @classmethod
    def of(cls, product: Product) -> Self:
        """The document of one product."""
        return cls(
            id=product.id,
            product=product,
            listings=listings(product),
            skus=tuple(variant.sku for variant in product.variants),
            name_key=product.name.casefold(),
        )


class ListedProduct(BaseModel):
    """As much of a StoredProduct as a list needs: the rest of its product has the defaults."""

    product: Product
    name_key: str

    class Settings:
        projection: ClassVar = {
            "_id": 0,
            "listings": 0,
            "skus": 0,
            "product.description": 0,
            "product.seo": 0,
            "product.variants.attributes": 0,
        }


class StoredCategory(Document):
    """A category; `id` is its path."""

    id: str  # type: ignore[assignment]
    name: str

    class Settings:
        name = "categories"
