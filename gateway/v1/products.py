"""Products, with what is available of them."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, Self

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.cache.entry import Fetched
from gateway.cache.tags import CATALOGUE, product_tag
from gateway.compositions.product_list import ProductList, product_list
from gateway.compositions.product_page import ProductPage, product_page
from gateway.contract import NOT_MODIFIED, Contract, Like, Tag
from gateway.endpoint import no_parameters, query_of
from gateway.upstreams import product as source
from gateway.upstreams.client import Calls, Service
from gateway.upstreams.inventory import Stock, available
from gateway.v1.inputs import Blank, BrandName, Category, Input, Limit, MinorUnits, Word
from gateway.vocabulary import (
    Available,
    Brand,
    CategoryPath,
    Cursor,
    Degraded,
    ImageUrl,
    NextCursor,
    ProductId,
    ProductName,
    Slug,
)
from services.contracts.money import Money

PRODUCTS: Final = Tag("Products", "The catalogue as everybody sees it, with what is available.")


_Words = Annotated[
    str,
    Field(
        min_length=1, max_length=200, description="Words in name, description or tags.", examples=["coffee"]
    ),
]
_Sort = Annotated[
    Literal["relevance", "newest", "price", "-price", "name"],
    Field(description="A search is sorted by `relevance` by itself, which needs `q`; the rest by `newest`."),
]


class ProductsQuery(Input):
    """What is looked for."""

    q: Blank[_Words] = None
    category: Blank[Category] = None
    brand: Blank[BrandName] = None
    tag: Blank[Word] = None
    min_price: Blank[MinorUnits] = None
    max_price: Blank[MinorUnits] = None
    sort: Blank[_Sort] = None
    limit: Limit = 20
    cursor: Blank[Annotated[Cursor, Field(max_length=2000)]] = None


class ProductPath(BaseModel):
    """Which product."""

    id: Annotated[
        str, Field(description="Id of a product, or its slug.", examples=["pour-over-coffee-maker"])
    ]


class Card(BaseModel):
    """A product in a list."""

    id: ProductId
    slug: Slug
    name: ProductName
    price: Money
    compare_at_price: Money | None
    brand: Brand | None
    category: CategoryPath | None
    image: ImageUrl | None
    rating: None = None

    @classmethod
    def of(cls, summary: source.Summary, **more: Any) -> Self:
        """The card of a product, with what it shows beyond the product service's fields."""
        return cls(**vars(summary), **more)


class StockedCard(Card):
    """A product in a list; `available` is the sum over its variants, null when it is not counted or unknown."""

    available: Available


class ProductListOut(BaseModel):
    """One page of products."""

    items: list[StockedCard]
    next_cursor: NextCursor
    facets: Annotated[dict[str, Any], Like(source.Facets)]
    degraded: Degraded

    @classmethod
    def of(cls, found: ProductList) -> Self:
        """The page as version 1 shows it."""
        return cls(
            items=stocked(found.listing.items, found.stock),
            next_cursor=found.listing.next_cursor,
            facets=found.listing.facets,
            degraded=found.degraded,
        )


class VariantOut(source.Variant):
    """One orderable form and how many of it there are."""

    available: Available


class ProductPageOut(source.Product):
    """A product with its stock and what goes with it. There are no reviews yet."""

    variants: tuple[VariantOut, ...]
    available: Available
    reviews: None = None
    rating: None = None
    related: Annotated[list[Card] | None, Field(description="Others of its category.")]
    degraded: Degraded

    @classmethod
    def of(cls, page: ProductPage) -> Self:
        """The page as version 1 shows it."""
        variants = [
            {**vars(variant), "available": _available(page.stock, (variant.sku,))}
            for variant in page.product.variants
        ]
        more = {
            "variants": variants,
            "available": _available(page.stock, page.product.skus),
            "related": None if page.related is None else [vars(summary) for summary in page.related],
            "degraded": page.degraded,
        }
        # In one go: making each card and variant by itself takes several times as long.
        return cls.model_validate({**vars(page.product), **more})


def stocked(items: Iterable[source.Summary], stock: Stock | None) -> list[StockedCard]:
    """The cards of products with what is available of each."""
    return [StockedCard.of(item, available=_available(stock, item.skus)) for item in items]


def _available(stock: Stock | None, skus: tuple[str, ...]) -> int | None:
    return None if stock is None else available(stock, skus)


async def index(request: web.Request, calls: Calls) -> Fetched:
    """Products that match the query."""
    found = await product_list(calls, query_of(request))
    return Fetched.of(ProductListOut.of(found), CATALOGUE)


async def page(request: web.Request, calls: Calls) -> Fetched:
    """One product."""
    no_parameters(request)
    found = await product_page(calls, request.match_info["id"])
    return Fetched.of(ProductPageOut.of(found), *map(product_tag, found.shown))


async def categories(request: web.Request, calls: Calls) -> Fetched:
    """The tree."""
    no_parameters(request)
    answer = await calls.ask(Service.PRODUCT, "GET", "/categories")
    return Fetched(answer.body, frozenset({CATALOGUE}))


LIST: Final = Contract(
    PRODUCTS,
    "list_products",
    "Find products",
    "Active products that fit all that is given. `max_price` must not be below `min_price`.",
    query=ProductsQuery,
    gives={200: ProductListOut, 304: NOT_MODIFIED},
)

PAGE: Final = Contract(
    PRODUCTS,
    "get_product",
    "Look at a product",
    "Drafts and archived products are shown to administrators only.",
    path=ProductPath,
    gives={200: ProductPageOut, 304: NOT_MODIFIED},
)
