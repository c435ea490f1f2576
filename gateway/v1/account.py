"""The caller's account."""

from collections.abc import Callable
from typing import Final, Generic, Self

from aiohttp import web

from gateway.compositions.account_page import AccountPage, account_page
from gateway.contract import Contract
from gateway.endpoint import Handler, no_parameters
from gateway.upstreams import auth as source
from gateway.upstreams.client import Calls
from gateway.upstreams.order import Order, OrderCounts
from gateway.v1.orders import ListedOrder, Shown, shown
from gateway.v1.signing_in import ACCOUNTS
from gateway.vocabulary import Degraded
from services.chassis.http import reply


class Account(source.Account, Generic[Shown]):
    """An account with its orders."""

    recent_orders: tuple[Shown, ...] | None
    order_counts: OrderCounts | None
    degraded: Degraded

    @classmethod
    def of(cls, page: AccountPage, show: Callable[[Order], Shown]) -> Self:
        """The page, its orders as `show` has them."""
        return cls(
            **dict(page.account),
            recent_orders=shown(page.recent_orders, show),
            order_counts=page.order_counts,
            degraded=page.degraded,
        )


class AccountPageOut(Account[ListedOrder]):
    """An account with its orders."""


def page(model: type[Account[Shown]], show: Callable[[Order], Shown]) -> Handler:
    """One's own account as `model`, its orders as `show` has them."""

    async def handle(request: web.Request, calls: Calls) -> web.Response:
        no_parameters(request)
        return reply(model.of(await account_page(calls), show))

    return handle


PAGE: Final = Contract(
    ACCOUNTS,
    "get_account",
    "Your account",
    "Who you are, your last orders, and how many there are in each status.",
    gives={200: AccountPageOut},
)
