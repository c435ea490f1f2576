"""The home page."""

from collections.abc import Callable
from functools import partial
from typing import Final, Generic, Self

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
from gateway.upstreams.order import Order, recent_orders
from gateway.upstreams.product import Category
from gateway.v1.orders import ListedOrder, Shown, shown
from gateway.v1.products import PRODUCTS, StockedCard, stocked
from gateway.vocabulary import Degraded
from services.chassis.http import reply
from services.chassis.identity import known_caller


class Home(BaseModel, Generic[Shown]):
    """What a visitor is shown first; `recent_orders` is null for who has not signed in."""

    featured: list[StockedCard]
    new: list[StockedCard]
    categories: tuple[Category, ...] | None
    recent_orders: tuple[Shown, ...] | None = None
    degraded: Degraded

    @classmethod
    def of(cls, home: PublicHome) -> Self:
        """What everybody sees of it."""
        return cls(
            featured=stocked(home.showcase.featured, home.stock),
            new=stocked(home.showcase.newest, home.stock),
            categories=home.categories,
            degraded=home.degraded,
        )


class HomeOut(Home[ListedOrder]):
    """What a visitor is shown first; `recent_orders` is null for who has not signed in."""


def page(model: type[Home[Shown]], show: Callable[[Order], Shown]) -> Handler:
    """The home page as `model`, its orders as `show` has them.

    For strangers it comes from the cache, and so does what everybody sees of it for those who are known.
    """

    async def compose(_request: web.Request, calls: Calls) -> Fetched:
        return Fetched.of(model.of(await public_home(calls)), CATALOGUE)

    async def everybodys(request: web.Request, calls: Calls) -> Answer:
        return await answered(request, calls, "home", compose)

    for_strangers = cached("home", compose)

    async def handle(request: web.Request, calls: Calls) -> web.StreamResponse:
        no_parameters(request)
        if known_caller(request) is None:
            return await for_strangers(request, calls)
        async with composing(calls) as page:
            public = page.required(partial(everybodys, request))
            orders = page.optional("recent_orders", recent_orders)
        answer = public.result()
        home = model.model_validate_json(answer.entry.body)
        own = home.model_copy(
            update={
                "recent_orders": shown(orders.result(), show),
                "degraded": tuple(sorted({*home.degraded, *page.degraded})),
            }
        )
        return reply(own, headers={"Cache-Control": PRIVATE, CACHE_STATUS: answer.status})

    return handle


PAGE: Final = Contract(
    PRODUCTS,
    "get_home",
    "The home page",
    "Featured and new products and the tree of categories; for who is signed in, their last orders.",
    gives={200: HomeOut, 304: NOT_MODIFIED},
)
