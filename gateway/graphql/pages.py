"""Pages that everybody sees, composed and cached as REST has them, so they come whole, whatever is asked of them."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from aiohttp import web
from pydantic import TypeAdapter

from discovery.config.caching import Cached
from gateway.cache.entry import Composed, Fetched
from gateway.cache.http import answered, key_of
from gateway.cache.tags import CATALOGUE, product_tag
from gateway.compositions.home_page import PublicHome, public_home
from gateway.compositions.product_list import ProductList, product_list
from gateway.compositions.product_page import ProductPage, product_page
from gateway.graphql.context import Info
from gateway.upstreams.client import Calls
from gateway.upstreams.product import Category, categories

P = TypeVar("P", bound=Composed)


@dataclass(frozen=True, slots=True)
class Public(Generic[P]):
    """A page by the `name` of its freshness; `tags` names what it shows: a change of that takes it out of the cache."""

    name: Cached
    form: TypeAdapter[P]
    tags: Callable[[P], Iterable[str]]

    async def get(
        self, info: Info, asked: Iterable[tuple[str, str]], compose: Callable[[Calls], Awaitable[P]]
    ) -> P:
        """The page that is `asked` for, from the cache where it may be. Raises what `compose` does."""

        async def fetch(_request: web.Request, calls: Calls) -> Fetched:
            page = await compose(calls)
            return Fetched.of(page, *self.tags(page))

        context = info.context
        key = key_of(self.name, context.request.path, asked)
        answer = await answered(context.request, context.calls, self.name, fetch, key)
        page = self.form.validate_json(answer.entry.body)
        context.page.lacks(page.degraded)
        return page


@dataclass(frozen=True, slots=True)
class CategoryTree:
    """The categories at its roots."""

    roots: tuple[Category, ...]
    degraded: tuple[str, ...] = ()


def _catalogue(_page: Composed) -> Iterable[str]:
    return (CATALOGUE,)


def _shown(page: ProductPage) -> Iterable[str]:
    return map(product_tag, page.shown)


_PRODUCT: Final = Public("product", TypeAdapter(ProductPage), _shown)
_PRODUCTS: Final = Public("products", TypeAdapter(ProductList), _catalogue)
_HOME: Final = Public("home", TypeAdapter(PublicHome), _catalogue)
_CATEGORIES: Final = Public("categories", TypeAdapter(CategoryTree), _catalogue)


async def one_product(info: Info, key: str) -> ProductPage:
    """A product by id or slug. Raises NotFound."""
    return await _PRODUCT.get(info, [("id", key)], lambda calls: product_page(calls, key))


async def some_products(info: Info, query: str, asked: Iterable[tuple[str, str]]) -> ProductList:
    """The list that `query` asks for, a query string with its question mark, of these parameters."""
    return await _PRODUCTS.get(info, asked, lambda calls: product_list(calls, query))


async def everybodys_home(info: Info) -> PublicHome:
    """What a visitor is shown first."""
    return await _HOME.get(info, (), public_home)


async def category_tree(info: Info) -> CategoryTree:
    """All categories."""
    return await _CATEGORIES.get(info, (), _tree)


async def _tree(calls: Calls) -> CategoryTree:
    return CategoryTree(await categories(calls))
