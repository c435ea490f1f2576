"""Many skus in one question: how many fit, and how they are written."""

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

MAX_BATCH: Final = 100
_MAX_QUERY: Final = 6000
"""A request line is at most 8190 bytes long."""


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


def listed(skus: Iterable[str]) -> str:
    """A batch as the value of a query's parameter."""
    return ",".join(quote(sku, safe="", errors="replace") for sku in skus)
