"""The home page in version 2: its orders look like orders elsewhere."""

from typing import Final

from gateway.v1 import home as v1
from gateway.v2.orders import OrderOut


class HomeOut(v1.Home[OrderOut]):
    """What a visitor is shown first; `recent_orders` is null for who has not signed in."""


page: Final = v1.page(HomeOut, OrderOut.of)

PAGE: Final = v1.PAGE.giving(HomeOut)
