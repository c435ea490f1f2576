"""The stock of many skus."""

from collections.abc import Iterable

from gateway.compositions.batches import in_batches
from gateway.upstreams.client import Calls
from gateway.upstreams.inventory import Stock, stock


async def stock_of(calls: Calls, skus: Iterable[str]) -> Stock:
    """What is available of each sku."""
    return await in_batches(calls, stock, skus)
