"""Whether what was sold is what is missing from the shelves."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from scripts.load.loops import closed_loop
from scripts.storefront import Storefront

READERS = 8


@dataclass(frozen=True, slots=True)
class Stock:
    """How many of a sku there are, and how many of them are held for orders."""

    quantity: int
    reserved: int

    def __str__(self) -> str:
        return f"{self.quantity} ({self.reserved} reserved)"


async def read_stock(
    storefront: Storefront, skus: Collection[str], tell: Callable[[], object] = lambda: None
) -> dict[str, Stock]:
    """The truth about each sku, as support sees it; `tell` hears of each. Raises Refused."""
    found: dict[str, Stock] = {}

    async def read(sku: str) -> None:
        answer = await storefront.call("GET", f"/api/v1/inventory/{sku}")
        found[sku] = Stock(answer["quantity"], answer["reserved"])
        tell()

    await closed_loop(read, skus, READERS)
    return found


def mismatches(before: Mapping[str, Stock], after: Mapping[str, Stock], sold: Mapping[str, int]) -> list[str]:
    """Where the stock is not what it was before, less what was sold; a sentence for each sku."""
    due = {sku: Stock(was.quantity - sold.get(sku, 0), was.reserved) for sku, was in before.items()}
    return [
        f"{sku}: {after[sku]} where {stock} were due" for sku, stock in due.items() if after[sku] != stock
    ]
