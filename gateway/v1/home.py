"""The home page."""

from typing import Self

from aiohttp import web
from pydantic import BaseModel

from gateway.compositions.home_page import HomePage, home_page
from gateway.compositions.page import OPTIONAL_SECONDS
from gateway.endpoint import no_parameters
from gateway.upstreams.client import Calls
from gateway.upstreams.order import ListedOrder
from gateway.upstreams.product import Category
from gateway.v1.products import StockedCard, stocked
from services.chassis.http import reply
from services.chassis.identity import known_caller


class HomeOut(BaseModel):
    """What a visitor is shown first; `recent_orders` is null for who has not signed in."""

    featured: list[StockedCard]
    new: list[StockedCard]
    categories: tuple[Category, ...] | None
    recent_orders: tuple[ListedOrder, ...] | None
    degraded: tuple[str, ...]

    @classmethod
    def of(cls, page: HomePage) -> Self:
        """The page as version 1 shows it."""
        shown, stock = page.public.showcase, page.public.stock
        return cls(
            featured=stocked(shown.featured, stock),
            new=stocked(shown.newest, stock),
            categories=page.public.categories,
            recent_orders=page.recent_orders,
            degraded=page.degraded,
        )


async def page(request: web.Request, calls: Calls) -> web.Response:
    """The home page, for strangers and for those who are known."""
    no_parameters(request)
    known = known_caller(request) is not None
    return reply(HomeOut.of(await home_page(calls, request.app[OPTIONAL_SECONDS], known=known)))
