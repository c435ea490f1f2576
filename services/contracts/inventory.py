"""What is asked of the inventory service, and what it says."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from services.contracts.message import Command, Event, Value


class StockLine(Value):
    """So many of one sku."""

    sku: str
    quantity: Annotated[int, Field(ge=1)]


class ReserveStock(Command):
    """Hold all lines for an order, or none. Answered by StockReserved or StockRejected."""

    kind: ClassVar[str] = "inventory.reserve_stock.v1"

    order_id: str
    lines: tuple[StockLine, ...]
    expires_at: datetime
    """When a reservation that was neither confirmed nor released lapses."""


class ConfirmStock(Command):
    """Turn the order's reservation into a withdrawal. Answered by StockConfirmed or StockConfirmationRefused."""

    kind: ClassVar[str] = "inventory.confirm_stock.v1"

    order_id: str


class ReleaseStock(Command):
    """Undo whatever was done for the order: release what is reserved, restock what was confirmed.

    One that overtakes its ReserveStock leaves a tombstone that refuses it. Always answered by StockReleased.
    """

    kind: ClassVar[str] = "inventory.release_stock.v1"

    order_id: str


class StockReserved(Event):
    """All lines of the order are held."""

    kind: ClassVar[str] = "inventory.stock_reserved.v1"

    order_id: str


class StockRejected(Event):
    """Nothing is held for the order; `skus` are those that fell short."""

    kind: ClassVar[str] = "inventory.stock_rejected.v1"

    order_id: str
    skus: tuple[str, ...]


class StockConfirmed(Event):
    """The order's lines have left the stock."""

    kind: ClassVar[str] = "inventory.stock_confirmed.v1"

    order_id: str


class StockConfirmationRefused(Event):
    """There was no reservation to confirm: it had lapsed or was released."""

    kind: ClassVar[str] = "inventory.stock_confirmation_refused.v1"

    order_id: str


class StockReleased(Event):
    """Nothing is held or withdrawn for the order any more. `restocked` tells that it had been confirmed before."""

    kind: ClassVar[str] = "inventory.stock_released.v1"

    order_id: str
    restocked: bool


class StockRanLow(Event):
    """The available quantity of a sku fell to or below its threshold."""

    kind: ClassVar[str] = "inventory.stock_ran_low.v1"

    sku: str
    available: int
    threshold: int
