"""What customers and staff wrote down of a stretch of time: their word, not the database's, says what was accepted.

Times are seconds since the epoch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order that was wanted. `order_id` is what came with a 202; without one, nobody knows whether it exists.

    `answered_at` is when the last answer came, `problems` what was wrong with each that was no 202.
    """

    key: str
    items: Mapping[str, int]
    token: str
    order_id: str | None
    answered_at: float
    problems: Sequence[str]
    refused: bool


@dataclass
class Seen:
    """What came back.

    `failed` is when requests other than orders got no answer, or a 5xx; `refused` says which got a 4xx, and what it
    said. `cancelled` are the orders whose cancellation was accepted. `counted` has the key of each adjustment of stock
    that was wanted, and whether it was accepted.
    """

    orders: list[Ordered] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    counted: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def together(cls, parts: Iterable[Self]) -> Self:
        """Everything that any of them saw."""
        whole = cls()
        for part in parts:
            whole.orders += part.orders
            whole.failed += part.failed
            whole.refused += part.refused
            whole.cancelled += part.cancelled
            whole.counted |= part.counted
        return whole

    @property
    def accepted(self) -> list[Ordered]:
        """The orders that were answered with 202."""
        return [order for order in self.orders if order.order_id]

    @property
    def failures(self) -> int:
        """How many requests got no answer, or a 5xx."""
        return len(self.failed) + sum(len(order.problems) for order in self.orders if not order.refused)

    @property
    def longest_outage(self) -> float:
        """The longest time in which no order was accepted, in seconds."""
        answered = sorted(order.answered_at for order in self.accepted)
        return max((later - earlier for earlier, later in pairwise(answered)), default=0.0)

    @property
    def last_trouble(self) -> float:
        """When the last request failed, or was answered only after it had."""
        late = [order.answered_at for order in self.orders if order.problems]
        return max([*self.failed, *late], default=0.0)
