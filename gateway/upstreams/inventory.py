"""What the gateway reads of the inventory service."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from gateway.upstreams.batches import listed
from gateway.upstreams.client import Calls, Service

Stock = Mapping[str, int | None]
"""What is available of each sku; None where it is not counted."""


class _Level(BaseModel):
    sku: str
    available: int | None


class _Levels(BaseModel):
    items: tuple[_Level, ...]


async def stock(calls: Calls, skus: Iterable[str]) -> Stock:
    """What is available of each of a batch of skus. Of a sku that inventory has not heard of: nothing."""
    wanted = list(skus)
    levels = await calls.read(Service.INVENTORY, f"/stock?skus={listed(wanted)}", _Levels)
    return dict.fromkeys(wanted, 0) | {level.sku: level.available for level in levels.items}


def available(stock: Stock, skus: Iterable[str]) -> int | None:
    """What is available of all these together; None when one of them is not counted."""
    counts = [stock.get(sku, 0) for sku in skus]
    return None if None in counts else sum(count for count in counts if count is not None)
