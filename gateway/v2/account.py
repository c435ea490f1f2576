"""The caller's account in version 2: its orders look like orders elsewhere."""

from typing import Final

from gateway.v1 import account as v1
from gateway.v2.orders import OrderOut


class AccountPageOut(v1.Account[OrderOut]):
    """An account with its orders."""


page: Final = v1.page(AccountPageOut, OrderOut.of)

PAGE: Final = v1.PAGE.giving(AccountPageOut)
