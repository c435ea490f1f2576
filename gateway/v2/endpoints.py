"""Version 2 on one screen: what it shows otherwise than version 1. All else is the same endpoint under both."""

from typing import Final

from gateway.cache.http import cached
from gateway.v2 import account, checkout, home, operators, orders, products
from gateway.version import Change

ABOUT: Final = """
**Lists** come in pages: `next` of one is the path of the next with its query, and null on the last.

**What is new in version 2.** An order has one form wherever it is shown: `customer`, `state` with its `history`,
and `totals`. In version 1 these are flat fields, and there are others of them in each place. A list's `next` replaces
`next_cursor`. All the rest is the same in both versions.
"""

CHANGES: Final = (
    Change(home.page, home.PAGE),
    Change(account.page, account.PAGE),
    Change(checkout.preview, checkout.PREVIEW),
    Change(orders.index, orders.LIST),
    Change(orders.page, orders.PAGE),
    Change(cached("products", products.index), products.LIST),
    Change(operators.letters, operators.LETTERS),
    Change(operators.audit, operators.AUDIT),
    Change(operators.sagas, operators.SAGAS),
)
