"""The stock of many skus, in as few questions as they fit into."""

from collections.abc import Iterable

from gateway.compositions.page import together
from gateway.upstreams.client import Calls
from gateway.upstreams.inventory import Stock, batches, stock


async def stock_of(calls: Calls, skus: Iterable[str]) -> Stock:
    """What is available of each sku, asked for all at once."""
    async with together() as group:
        parts = [group.create_task(stock(calls, batch)) for batch in batches(skus)]
    return {sku: available for part in parts for sku, available in part.result().items()}
