"""What became of the accepted orders.

Nobody is asked while orders are being placed, so that asking is not part of the load: at the end each customer reads
their own history, a hundred orders an answer, and its time stamps tell how long every saga took.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from aiohttp import ClientError

from scripts.load.customers import Customer, Customers
from scripts.load.loops import closed_loop
from scripts.load.placing import ORDERS, Placement
from scripts.storefront import Json

FINAL = ("CONFIRMED", "CANCELLED")
PAGE = 100
READERS = 4
# Between two looks at those who still have an order under way.
PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Ending:
    """Where an order is, why, and how many seconds after its acceptance it got there, by the platform's clock."""

    status: str
    reason: str | None
    seconds: float

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


UNREAD = Ending("unread", None, 0.0)
"""Nobody could tell where the order is."""

MISSING = Ending("missing", None, 0.0)
"""The order is not in its customer's history."""


async def endings(
    customers: Customers, accepted: Iterable[Placement], seconds: float, tell: Callable[[int], object]
) -> dict[str, Ending]:
    """Where each accepted order ended, by its id, or is after so many seconds; `tell` hears how many have ended."""
    under_way: dict[str, set[str]] = defaultdict(set)
    for placement in accepted:
        under_way[placement.user].add(str(placement.order_id))
    known = {order_id: UNREAD for order_ids in under_way.values() for order_id in order_ids}

    async def look(customer: Customer) -> None:
        found = await _find(customers, customer, under_way[customer.user_id])
        known.update(found)
        under_way[customer.user_id] -= {order_id for order_id, ending in found.items() if ending.is_final}

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while waiting := [customer for customer in customers if under_way[customer.user_id]]:
                await closed_loop(look, waiting, READERS)
                tell(sum(ending.is_final for ending in known.values()))
                await asyncio.sleep(PAUSE_SECONDS)
    return known


async def _find(customers: Customers, customer: Customer, order_ids: Set[str]) -> dict[str, Ending]:
    """Where those orders of a customer are; nothing when their history cannot be read now."""
    found: dict[str, Ending] = {}
    try:
        async for order in _history(customers, customer):
            if order["order_id"] in order_ids:
                found[order["order_id"]] = _ending(order)
            if len(found) == len(order_ids):
                break
    except (ClientError, TimeoutError):
        return {}
    return {order_id: found.get(order_id, MISSING) for order_id in order_ids}


async def _history(customers: Customers, customer: Customer) -> AsyncIterator[Json]:
    """A customer's orders, newest first, read page by page."""
    next_page: str | None = f"{ORDERS}?limit={PAGE}"
    while next_page is not None:
        page = await customers.read(customer, next_page)
        for order in page["items"]:
            yield order
        next_page = page["next"]


def _ending(order: Json) -> Ending:
    began, ended = (datetime.fromisoformat(order[name]) for name in ("created_at", "updated_at"))
    state = order["state"]
    return Ending(state["status"], state["reason"], (ended - began).total_seconds())
