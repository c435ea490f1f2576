"""The caller's account."""

from typing import Self

from aiohttp import web

from gateway.compositions.account_page import AccountPage, account_page
from gateway.compositions.page import OPTIONAL_SECONDS
from gateway.endpoint import no_parameters
from gateway.upstreams import auth as source
from gateway.upstreams.client import Calls
from gateway.upstreams.order import ListedOrder, OrderCounts
from services.chassis.http import reply


class AccountOut(source.Account):
    """An account with its orders."""

    recent_orders: tuple[ListedOrder, ...] | None
    order_counts: OrderCounts | None
    degraded: tuple[str, ...]

    @classmethod
    def of(cls, page: AccountPage) -> Self:
        """The page as version 1 shows it."""
        return cls(
            **dict(page.account),
            recent_orders=page.recent_orders,
            order_counts=page.order_counts,
            degraded=page.degraded,
        )


async def page(request: web.Request, calls: Calls) -> web.Response:
    """One's own account."""
    no_parameters(request)
    return reply(AccountOut.of(await account_page(calls, request.app[OPTIONAL_SECONDS])))
