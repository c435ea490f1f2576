"""Products in version 2: a page of them links to the next one."""

from typing import Annotated, Any, Final, Self

from aiohttp import web
from pydantic import BaseModel

from gateway.cache.entry import Fetched
from gateway.cache.tags import CATALOGUE
from gateway.compositions.product_list import ProductList, product_list
from gateway.contract import Like
from gateway.endpoint import query_of
from gateway.upstreams import product as source
from gateway.upstreams.client import Calls
from gateway.v1 import products as v1
from gateway.v2.paging import NextPage, next_page
from gateway.vocabulary import Degraded


class ProductListOut(BaseModel):
    """One page of products."""

    items: list[v1.StockedCard]
    next: NextPage
    facets: Annotated[dict[str, Any], Like(source.Facets)]
    degraded: Degraded

    @classmethod
    def of(cls, found: ProductList, next_page: str | None) -> Self:
        """The page as version 2 shows it."""
        return cls(
            items=v1.stocked(found.listing.items, found.stock),
            next=next_page,
            facets=found.listing.facets,
            degraded=found.degraded,
        )


async def index(request: web.Request, calls: Calls) -> Fetched:
    """Products that match the query."""
    found = await product_list(calls, query_of(request))
    page = ProductListOut.of(found, next_page(request, found.listing.next_cursor))
    return Fetched.of(page, CATALOGUE)


LIST: Final = v1.LIST.giving(ProductListOut)
