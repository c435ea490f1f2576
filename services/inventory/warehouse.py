"""The stock and the reservations that one unit of work looks at, and what becomes of them."""

from collections.abc import Iterable
from datetime import datetime

from aiohttp import web

from services.chassis.envelope import Origin
from services.chassis.mongo import Work
from services.inventory.documents import StoredReservation, StoredStock
from services.inventory.domain import Reservation, Stock, ran_low

LOW_STOCK_THRESHOLD = web.AppKey("LOW_STOCK_THRESHOLD", int)
"""What a sku starts with."""


class Warehouse:
    """Loads many at once and writes them at once, so that a batch costs a constant number of round trips."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._moved: set[str] = set()
        self._touched: set[str] = set()
        self.stock: dict[str, Stock] = {}
        self.reservations: dict[str, Reservation] = {}

    async def load_reservations(self, order_ids: Iterable[str]) -> None:
        """Read the reservations of these orders; where there is none, none is known."""
        found = StoredReservation.get_pymongo_collection().find(
            {"_id": {"$in": sorted(set(order_ids))}}, session=self._work.session
        )
        async for document in found:
            self.reservations[document["_id"]] = Reservation.model_validate(document["reservation"])

    async def load_stock(self, skus: Iterable[str]) -> None:
        """Read the stock of these skus; unknown ones are left out."""
        wanted = {"_id": {"$in": sorted(set(skus))}}
        found = StoredStock.get_pymongo_collection().find(wanted, session=self._work.session)
        async for document in found:
            self.stock[document["_id"]] = Stock.model_validate(document["stock"])

    def stock_of(self, sku: str) -> Stock:
        """What was read of a sku; nothing is there of one that was never heard of."""
        return self.stock.get(sku) or Stock(sku=sku, low_stock_threshold=self._work.app[LOW_STOCK_THRESHOLD])

    def put_reservation(self, reservation: Reservation) -> None:
        """Replace a reservation."""
        self.reservations[reservation.order_id] = reservation
        self._touched.add(reservation.order_id)

    def put_stock(self, stock: Stock, origin: Origin | None = None) -> None:
        """Replace the stock of a sku, and say so when it ran low because of `origin`."""
        before = self.stock.get(stock.sku)
        self.stock[stock.sku] = stock
        self._moved.add(stock.sku)
        if before and (event := ran_low(before, stock)):
            self._work.emit(f"stock/{stock.sku}", stock.version, event, origin=origin)

    async def save(self, now: datetime) -> None:
        """Write what was replaced. Stock goes in sku order, so that two batches meet at the first they share."""
        session = self._work.session
        stock = [StoredStock.write(self.stock[sku]) for sku in sorted(self._moved)]
        if stock:
            await StoredStock.get_pymongo_collection().bulk_write(stock, session=session)
        reservations = [
            StoredReservation.write(self.reservations[order_id], now) for order_id in sorted(self._touched)
        ]
        if reservations:
            await StoredReservation.get_pymongo_collection().bulk_write(reservations, session=session)
