"""What a service knows of many skus, in as few questions as they fit into."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from gateway.upstreams.batches import batches
from gateway.upstreams.client import Calls
from services.chassis.together import together

T = TypeVar("T")


async def in_batches(
    calls: Calls,
    fetch: Callable[[Calls, list[str]], Coroutine[Any, Any, Mapping[str, T]]],
    skus: Iterable[str],
) -> Mapping[str, T]:
    """What `fetch` finds of each sku, asked for all at once."""
    async with together() as group:
        parts = [group.create_task(fetch(calls, batch)) for batch in batches(skus)]
    return {sku: found for part in parts for sku, found in part.result().items()}
