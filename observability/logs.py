"""Structured logs: one Elastic Common Schema document a line, on stdout and to whoever else collects them.

A line is rendered where it is logged, because only there its trace is known, and written by a thread of its
own behind a bounded queue: a stdout that nobody reads, or a collector that is away, costs log lines, never a request.
"""

import atexit
import logging
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Protocol

from observability.ecs import EcsFormatter
from observability.metrics import LOG_LINES_DROPPED
from observability.shipping import Wire

_QUEUED_LINES = 10_000
_FLUSH_SECONDS = 2.0
_GATHERING_SECONDS = 0.01
_TELEMETRY_COMPLAINT_SECONDS = 60.0
_NOISY = ("aio_pika", "aiormq", "asyncio", "beanie", "grpc", "opentelemetry", "pymongo", "urllib3")


class Stream(Protocol):
    """Where lines end up. `write` may wait; it raises OSError or ValueError for what is lost."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> object: ...


class LineWriter:
    """Writes queued lines to `stream` in a thread; what the queue has no room for is dropped and counted.

    `to` is what the stream is called where they are counted.
    """

    def __init__(self, stream: Stream, to: str = "stdout", queued_lines: int = _QUEUED_LINES) -> None:
        self._stream = stream
        self._dropped = LOG_LINES_DROPPED.labels(to)
        self._most = queued_lines
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._closing = Event()
        self._thread = Thread(target=self._write_all, name="log-writer", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Queue one line. Never waits."""
        if self._lines.qsize() < self._most:
            self._lines.put(line)
        else:
            self._dropped.inc()

    def close(self) -> None:
        """Write what is queued, for a few seconds at most."""
        self._closing.set()
        self._lines.put(None)
        self._thread.join(_FLUSH_SECONDS)

    def _write_all(self) -> None:
        lines: list[bytes | None] = []
        while None not in lines:
            lines = [self._lines.get()]
            # Whoever logs under load wakes this thread now and then, and not with every line.
            self._closing.wait(_GATHERING_SECONDS)
            while not self._lines.empty():
                lines.append(self._lines.get())
            try:
                self._stream.write(b"".join(filter(None, lines)))
                self._stream.flush()
            except (OSError, ValueError):  # a broken or closed stdout: there is nowhere left to say so
                self._dropped.inc(len(lines))


class EcsHandler(logging.Handler):
    """Renders records and hands the lines to the writers. Never raises, never waits."""

    def __init__(self, formatter: EcsFormatter, *writers: LineWriter) -> None:
        super().__init__()
        self._formatter, self._writers = formatter, writers
        self.addFilter(_Seldom("opentelemetry", _TELEMETRY_COMPLAINT_SECONDS))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self._formatter.render(record)
        except Exception:  # noqa: BLE001 - a bad format string, or whatever an argument's __str__ raises
            line = self._formatter.unrenderable(record)
        for writer in self._writers:
            writer.put(line)


class _Seldom(logging.Filter):
    """Lets one record of each logger under `name` pass in `seconds`: a dead collector is no news twice."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(name)
        self._seconds = seconds
        self._passed: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not super().filter(record):
            return True
        now = monotonic()
        if now - self._passed.get(record.name, -self._seconds) < self._seconds:
            return False
        self._passed[record.name] = now
        return True


def configure_logs(
    service: str, instance: str, level: str, version: str, collector: str | None = None
) -> Callable[[], None]:
    """Send the root logger's records to stdout as ECS lines, and to a collector at `host:port` if there is one.

    Returns what flushes them, also done at exit.
    """
    writers = [LineWriter(sys.stdout.buffer)]
    if collector:
        writers.append(LineWriter(Wire(collector), to="collector"))
    root = logging.getLogger()
    root.handlers = [EcsHandler(EcsFormatter(service, instance, version), *writers)]
    root.setLevel(level.upper())
    # Nothing of it is written, and it is looked up for every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(True)
    logging.getLogger("aiohttp.access").disabled = True
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)

    def flush() -> None:
        for writer in writers:
            writer.close()

    atexit.register(flush)
    return flush
