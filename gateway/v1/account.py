"""The caller's account."""

from typing import Final, Self

from aiohttp import web

from gateway.compositions.account_page import AccountPage, account_page
from gateway.contract import Contract
from gateway.endpoint import no_parameters
from gateway.upstreams import auth as source
from gateway.upstreams.client import Calls
from gateway.upstreams.order import ListedOrder, OrderCounts
from gateway.v1.signing_in import ACCOUNTS
from gateway.vocabulary import Degraded
from services.chassis.http import reply


class AccountPageOut(source.Account):
    """An account with its orders."""

    recent_orders: tuple[ListedOrder, ...] | None
    order_counts: OrderCounts | None
    degraded: Degraded

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
    return reply(AccountPageOut.of(await account_page(calls)))


PAGE: Final = Contract(
    ACCOUNTS,
    "get_account",
    "Your account",
    "Who you are, your last orders, and how many there are in each status.",
    gives={200: AccountPageOut},
)
