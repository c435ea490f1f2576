"""Median and spread of several rounds."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Self


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
