"""So many at once and no more: what finds no place is turned away at once, and waits nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.metrics import IN_FLIGHT, SHED
from services.chassis.errors import Overloaded


def shed(what: str, reason: str) -> Overloaded:
    """A refusal, counted: `reason` is full or late."""
    SHED.labels(what, reason).inc()
    return Overloaded()


class Bulkhead:
    """The places for one kind of work."""

    def __init__(self, what: str) -> None:
        self._taken = 0
        IN_FLIGHT.labels(what).set_function(lambda: self._taken)

    @contextmanager
    def place(self, places: int, what: str) -> Iterator[None]:
        """A place while inside, when fewer than `places` are taken; `what` is counted when not. Raises Overloaded."""
        if self._taken >= places:
            raise shed(what, "full")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
