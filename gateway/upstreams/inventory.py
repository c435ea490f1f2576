"""What the gateway reads of the inventory service."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel

from gateway.upstreams.client import Calls, Service

MAX_BATCH: Final = 100
_MAX_QUERY: Final = 6000
"""A request line is at most 8190 bytes long."""

Stock = Mapping[str, int | None]
"""What is available of each sku; None where it is not counted."""


class _Level(BaseModel):
    sku: str
    available: int | None


class _Levels(BaseModel):
    items: tuple[_Level, ...]


async def stock(calls: Calls, skus: Iterable[str]) -> Stock:
    """What is available of as many skus as one `batches` yields. Of a sku that inventory has not heard of: nothing."""
    wanted = list(skus)
    query = ",".join(quote(sku, safe="") for sku in wanted)
    levels = await calls.read(Service.INVENTORY, f"/stock?skus={query}", _Levels)
    return dict.fromkeys(wanted, 0) | {level.sku: level.available for level in levels.items}


def batches(skus: Iterable[str]) -> Iterator[list[str]]:
    """The skus, each once, in parts that one question can hold."""
    batch: list[str] = []
    length = 0
    for sku in dict.fromkeys(skus):
        if len(batch) == MAX_BATCH or length + len(sku) > _MAX_QUERY:
            yield batch
            batch, length = [], 0
        batch.append(sku)
        length += len(sku) + 1
    if batch:
        yield batch


def available(stock: Stock, skus: Iterable[str]) -> int | None:
    """What is available of all these together; None when one of them is not counted."""
    counts = [stock.get(sku, 0) for sku in skus]
    return None if None in counts else sum(count for count in counts if count is not None)
