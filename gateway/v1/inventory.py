"""Stock, as support and admin see it."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from gateway.contract import Contract, Tag
from gateway.upstreams import inventory as source
from gateway.v1.inputs import Input, StockedSku

STOCK: Final = Tag("Stock", "What is there of each sku, and how much of it is held for orders.")

_MANY: Final = 10**9


class SkuPath(BaseModel):
    """Which sku."""

    sku: StockedSku


class AdjustmentIn(Input):
    """So many more, or fewer, and why."""

    delta: Annotated[
        int, Field(ge=-_MANY, le=_MANY, description="Added to the quantity; not 0.", examples=[25])
    ]
    reason: Annotated[str, Field(min_length=1, max_length=200, examples=["Delivery 4711"])]


class StockOut(source.Level):
    """The truth about one sku."""


GET: Final = Contract(
    STOCK,
    "get_stock",
    "The stock of a sku",
    "Never from a cache.",
    path=SkuPath,
    gives={200: StockOut},
)

ADJUST: Final = Contract(
    STOCK,
    "adjust_stock",
    "Count stock in or out",
    "A sku that nobody has counted before gets its record by this.",
    path=SkuPath,
    takes=AdjustmentIn,
    gives={200: StockOut},
    refuses={409: {"insufficient-stock": "Less would be left than is held for orders."}},
)
