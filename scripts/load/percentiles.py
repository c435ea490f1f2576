"""What most of many values did not exceed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Percentiles:
    """What 50, 95 and 99 of 100 did not exceed, by nearest rank, and what none did; NaN of nothing."""

    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Of any number of values."""
        ordered = sorted(values)
        return cls(*(_nearest_rank(ordered, share) for share in (0.50, 0.95, 0.99, 1.0)))


def _nearest_rank(ordered: Sequence[float], share: float) -> float:
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.nan
