"""A process' output on disk, bounded by rotation."""

import asyncio
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

ROTATE_BYTES = 10 * 1024 * 1024


class LogFile:
    """Appends output to `<directory>/<name>.log`; at `limit` bytes the file becomes `.log.1`."""

    def __init__(self, directory: Path, name: str, limit: int = ROTATE_BYTES) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / f"{name}.log"
        self._limit = limit
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        """Append raw output."""
        file = self._file or self.path.open("ab", buffering=0)
        file.write(data)
        self._file = file
        if file.tell() >= self._limit:
            self.close()
            self.path.replace(self.path.with_suffix(".log.1"))

    def note(self, text: str) -> None:
        """Append a line of the supervisor's own."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.write(f"-- {now} {text}\n".encode())

    def close(self) -> None:
        if self._file:
            self._file.close()
        self._file = None


class OutputProtocol(asyncio.Protocol):
    """Feeds the reading end of a pipe into a log file; `ended` is set at end of file."""

    def __init__(self, log: LogFile) -> None:
        self._log = log
        self.ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self._log.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log file, none if there is no such file."""
    if not path.exists():
        return []
    with path.open(errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
