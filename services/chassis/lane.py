"""The lane of a process: its part of the outbox, and what it just put there."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from services.chassis.envelope import new_id
from services.chassis.outbox import Parcel

_MOST_ROWS: Final = 5000


class Lane:
    """Where this process puts its parcels, and relays them from. It is renamed when the lease on it was lost.

    What was committed is also handed over in memory, so that the relay need not read it; the truth is in the database.
    """

    def __init__(self) -> None:
        self.name = new_id()
        self.filled = asyncio.Event()
        self.overflowed = False
        self._committed: deque[Parcel] = deque()
        self._rows = 0

    def hand_over(self, parcels: Sequence[Parcel]) -> None:
        """Tell the relay that these were committed; of too many, only that they are there."""
        self._rows += sum(len(parcel.rows) for parcel in parcels)
        if self._rows > _MOST_ROWS:
            self.forget()
            self.overflowed = True
        else:
            self._committed += parcels
        self.filled.set()

    def take(self, limit: int) -> list[Parcel]:
        """What was handed over, the oldest first."""
        parcels = [self._committed.popleft() for _ in range(min(limit, len(self._committed)))]
        self._rows -= sum(len(parcel.rows) for parcel in parcels)
        if not self._committed:
            self.filled.clear()
        return parcels

    def forget(self) -> None:
        """Drop what was handed over: it is about to be read from the database."""
        self._committed.clear()
        self._rows = 0
        self.filled.clear()
        self.overflowed = False

    def leave(self) -> None:
        """Write into a fresh lane from now on; whoever took the old one over publishes what is in it."""
        self.name = new_id()
