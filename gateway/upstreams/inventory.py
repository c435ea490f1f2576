"""What the gateway reads of the inventory service."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BaseModel, Field

from gateway.upstreams.batches import listed
from gateway.upstreams.client import Calls, Service, path
from gateway.vocabulary import Available, Sku

Stock = Mapping[str, int | None]
"""What is available of each sku; None where it is not counted."""


class _Level(BaseModel):
    sku: str
    available: int | None


class _Levels(BaseModel):
    items: tuple[_Level, ...]


class Level(BaseModel):
    """The truth about one sku."""

    sku: Sku
    quantity: Annotated[int, Field(description="How many are there.", examples=[42])]
    reserved: Annotated[int, Field(description="How many of these are held for orders.", examples=[2])]
    available: Available
    low_stock_threshold: Annotated[int, Field(description="From here on it is called low.", examples=[5])]
    track: Annotated[bool, Field(description="Whether it is counted at all.", examples=[True])]


async def level(calls: Calls, sku: str) -> Level:
    """All that inventory knows of one sku. Raises Forbidden for customers, NotFound."""
    return await calls.read(Service.INVENTORY, path("stock", sku), Level)


async def stock(calls: Calls, skus: Iterable[str]) -> Stock:
    """What is available of each of a batch of skus. Of a sku that inventory has not heard of: nothing."""
    wanted = list(skus)
    levels = await calls.read(Service.INVENTORY, f"/stock?skus={listed(wanted)}", _Levels)
    return dict.fromkeys(wanted, 0) | {level.sku: level.available for level in levels.items}


def available(stock: Stock, skus: Iterable[str]) -> int | None:
    """What is available of all these together; None when one of them is not counted."""
    counts = [stock.get(sku, 0) for sku in skus]
    return None if None in counts else sum(count for count in counts if count is not None)
