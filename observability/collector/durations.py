"""Durations as Jaeger writes them."""

import re
from typing import Final

_UNITS: Final = {"us": 1, "µs": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(us|µs|ms|s|m|h)")
_WHOLE: Final = re.compile(rf"(?:{_PART.pattern})+")


def microseconds(text: str) -> int:
    """The microseconds of `1.5s`, `200ms`, `1m30s`. Raises ValueError."""
    if not _WHOLE.fullmatch(text):
        raise ValueError("such as 200ms, 1.5s or 1m30s")
    return round(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))
