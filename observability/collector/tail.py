"""Reading the log files of a directory as they grow, across rotation and restarts.

Processes write to their files as ever and know nothing of this: a collector that is slow or gone costs them nothing.
"""

import logging
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from observability.collector.lines import is_urgent, log_row
from observability.collector.logs import LogStore, Position
from observability.collector.metrics import DROPPED, RECEIVED
from observability.collector.rows import LogRow
from observability.sampling import Budget

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 4 * 1024 * 1024
"""Bytes of one file that are read in a round."""

_URGENT: Final = 500
"""Lines above the limit that are kept in a round because they are no mere information."""


class LogTail:
    """Brings new lines of `<directory>/*.log` into the store.

    Of one file `per_second` are kept, `burst` after a quiet time, and a few urgent ones on top; the others are counted.
    """

    def __init__(self, directory: Path, store: LogStore, per_second: float, burst: int) -> None:
        self._directory = directory
        self._store = store
        self._budgets = defaultdict[str, Budget](lambda: Budget(per_second, burst))
        self._positions = store.positions()

    def round(self, now: int) -> int:
        """Read once what is new in every file; how many lines were kept. `now` is microseconds since the epoch."""
        kept: list[LogRow] = []
        moved: dict[str, Position] = {}
        for path in sorted(self._directory.glob("*.log")):
            lines, position = self._new(path)
            if position != self._positions.get(path.name):
                moved[path.name] = position
            kept += self._chosen(lines, path.stem, now)
        if moved:
            self._store.write(kept, moved)
            self._positions |= moved
        return len(kept)

    def _new(self, path: Path) -> tuple[list[bytes], Position]:
        """The whole lines that were not read yet, and how far that is."""
        before = self._positions.get(path.name)
        try:
            with path.open("rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                lines: list[bytes] = []
                if before and before.inode != inode:
                    lines, before = self._rest_of_rotated(path, before), None
                start = before.offset if before else 0
                file.seek(start)
                data = file.read(_AT_ONCE)
        except FileNotFoundError:  # rotated at this moment
            return [], before or Position(0, 0)
        end = data.rfind(b"\n") + 1
        if not end and len(data) == _AT_ONCE:  # a line without end is cut
            end = len(data)
        return lines + data[:end].splitlines(), Position(inode, start + end)

    def _rest_of_rotated(self, path: Path, before: Position) -> list[bytes]:
        """What was not read yet of the file that bore this name before, if it is still there."""
        rotated = path.with_suffix(".log.1")
        try:
            with rotated.open("rb") as file:
                if os.fstat(file.fileno()).st_ino != before.inode:
                    _log.warning("lines of %s were rotated away before they were read", path.name)
                    return []
                file.seek(before.offset)
                return file.read(_AT_ONCE).splitlines()
        except FileNotFoundError:
            return []

    def _chosen(self, lines: list[bytes], process: str, now: int) -> Iterator[LogRow]:
        RECEIVED.labels("lines").inc(len(lines))
        granted = self._budgets[process].take(len(lines))
        urgent = [line for line in lines[granted:] if is_urgent(line)][:_URGENT]
        DROPPED.labels("lines").inc(len(lines) - granted - len(urgent))
        for line in (*lines[:granted], *urgent):
            try:
                row = log_row(line, process, now)
            except ValueError:
                DROPPED.labels("lines").inc()
                continue
            if row:
                yield row
