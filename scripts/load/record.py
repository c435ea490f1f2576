"""What clients remember of their orders: it says what was accepted, whatever the database says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import orjson

from scripts.load.placing import Placement


class Record:
    """The placements so far, in memory and, one line of JSON each, in a file if there is one."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        self.placements: list[Placement] = []
        self._file = file

    def add(self, placement: Placement) -> None:
        """Keep a placement; it is in the file, even if this process is killed now."""
        self.placements.append(placement)
        if self._file:
            self._file.write(orjson.dumps(placement, option=orjson.OPT_APPEND_NEWLINE))

    @property
    def accepted(self) -> list[Placement]:
        """Those that were answered with 202."""
        return [placement for placement in self.placements if placement.outcome == "accepted"]


@contextmanager
def recorded(path: Path | None) -> Iterator[Record]:
    """A record that is written to a new file at `path`, if one is given."""
    if path is None:
        yield Record()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb", buffering=0) as file:
        yield Record(file)
