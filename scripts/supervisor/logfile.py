"""A process' output on disk, bounded by rotation."""

import asyncio
import os
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
            self.path.replace(_rotated(self.path))

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


class LogReader:
    """Reads what is appended to a log file, across its rotation."""

    def __init__(self, path: Path, *, from_start: bool = False) -> None:
        self._path = path
        status = path.stat()
        self._inode = status.st_ino
        self._offset = 0 if from_start else status.st_size
        self._rest = b""

    def lines(self) -> list[str]:
        """The whole lines that are new."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._inode:
                self._rest += self._end_of_rotated()
                self._inode, self._offset = inode, 0
            file.seek(self._offset)
            *whole, self._rest = (self._rest + file.read()).split(b"\n")
            self._offset = file.tell()
        return [line.decode(errors="replace") for line in whole]

    def _end_of_rotated(self) -> bytes:
        """What was still unread of the file that was current before."""
        rotated = _rotated(self._path)
        if not rotated.exists() or rotated.stat().st_ino != self._inode:
            return b""
        return rotated.read_bytes()[self._offset :]


def _rotated(path: Path) -> Path:
    return path.with_suffix(".log.1")
