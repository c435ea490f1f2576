"""Figures that sum up many: percentiles of one round, median and spread of several rounds."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True)
class Percentiles:
    """What 50, 95 and 99 of 100 did not exceed, and what none did; not a number when there was nothing."""

    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Of any number of values."""
        ordered = sorted(values)
        return cls(*(_nearest_rank(ordered, share) for share in (0.50, 0.95, 0.99, 1.0)))


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, and the least and most of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Of at least one value."""
        rounds = tuple(values)
        return cls(median(rounds), min(rounds), max(rounds))


def _nearest_rank(ordered: Sequence[float], share: float) -> float:
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.nan
