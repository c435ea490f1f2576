"""The home page."""

from functools import partial
from typing import Final, Self

from aiohttp import web
from pydantic import BaseModel

from gateway.cache.answers import Answer
from gateway.cache.entry import Fetched
from gateway.cache.http import CACHE_STATUS, PRIVATE, answered, cached
from gateway.cache.tags import CATALOGUE
from gateway.compositions.home_page import PublicHome, public_home
from gateway.compositions.page import composing
from gateway.contract import NOT_MODIFIED, Contract
from gateway.endpoint import Handler, no_parameters
from gateway.upstreams.client import Calls
from gateway.upstreams.order import ListedOrder, recent_orders
from gateway.upstreams.product import Category
from gateway.v1.products import PRODUCTS, StockedCard, stocked
from gateway.vocabulary import Degraded
from services.chassis.http import reply
from services.chassis.identity import known_caller


class HomeOut(BaseModel):
    """What a visitor is shown first; `recent_orders` is null for who has not signed in."""

    featured: list[StockedCard]
    new: list[StockedCard]
    categories: tuple[Category, ...] | None
    recent_orders: tuple[ListedOrder, ...] | None = None
    degraded: Degraded

    @classmethod
    def of(cls, home: PublicHome) -> Self:
        """What everybody sees of it, as version 1 shows it."""
        return cls(
            featured=stocked(home.showcase.featured, home.stock),
            new=stocked(home.showcase.newest, home.stock),
            categories=home.categories,
            degraded=home.degraded,
        )


async def page(request: web.Request, calls: Calls) -> web.StreamResponse:
    """The home page: for strangers from the cache, and so is what everybody sees of it for those who are known."""
    no_parameters(request)
    if known_caller(request) is None:
        return await _for_strangers(request, calls)
    async with composing(calls) as page:
        public = page.required(partial(_everybodys, request))
        orders = page.optional("recent_orders", recent_orders)
    answer = public.result()
    home = HomeOut.model_validate_json(answer.entry.body)
    degraded = tuple(sorted({*home.degraded, *page.degraded}))
    own = home.model_copy(update={"recent_orders": orders.result(), "degraded": degraded})
    return reply(own, headers={"Cache-Control": PRIVATE, CACHE_STATUS: answer.status})


async def _compose(request: web.Request, calls: Calls) -> Fetched:
    home = await public_home(calls)
    return Fetched.of(HomeOut.of(home), CATALOGUE)


async def _everybodys(request: web.Request, calls: Calls) -> Answer:
    return await answered(request, calls, "home", _compose)


_for_strangers: Final[Handler] = cached("home", _compose)

PAGE: Final = Contract(
    PRODUCTS,
    "get_home",
    "The home page",
    "Featured and new products and the tree of categories; for who is signed in, their last orders.",
    gives={200: HomeOut, 304: NOT_MODIFIED},
)
