"""Lines on their way to a collector that comes and goes: real sockets, on the loopback interface."""

import socket
from collections.abc import Iterator

import orjson
import pytest

from observability.ecs import EcsFormatter
from observability.logs import EcsHandler, LineWriter
from observability.metrics import LOG_LINES_DROPPED
from observability.shipping import Wire
from tests.unit.observability.test_logs import Captured

SECONDS = 10.0


class Collector:
    """Takes one connection at a time, at a port that stays its own."""

    def __init__(self, port: int = 0) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.settimeout(SECONDS)
        self.port = int(self._server.getsockname()[1])
        self.address = f"127.0.0.1:{self.port}"

    def lines(self, count: int) -> list[bytes]:
        """Take so many lines of the next connection, and hang up."""
        connection, _ = self._server.accept()
        connection.settimeout(SECONDS)
        with connection, connection.makefile("rb") as stream:
            return [stream.readline() for _ in range(count)]

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    listening = Collector()
    yield listening
    listening.close()


def test_a_record_comes_as_the_line_that_stdout_has(collector: Collector) -> None:
    captured = Captured()
    writer = LineWriter(Wire(collector.address), to="collector")
    captured.logger.addHandler(EcsHandler(EcsFormatter("order", "order-1", "0.1.0"), writer))
    captured.logger.info("placed %s", "o-1", extra={"order_id": "o-1"})
    (line,) = collector.lines(1)
    assert [orjson.loads(line)] == captured.lines()


def test_lines_wait_for_a_collector_that_is_away_and_none_is_lost(collector: Collector) -> None:
    collector.close()
    writer = LineWriter(Wire(collector.address, first_pause=0.01), to="collector")
    writer.put(b"first\n")
    writer.put(b"second\n")
    back = Collector(collector.port)
    assert back.lines(2) == [b"first\n", b"second\n"]
    back.close()


def test_a_collector_that_hung_up_is_called_again_with_the_next_line(collector: Collector) -> None:
    writer = LineWriter(Wire(collector.address, first_pause=0.01), to="collector")
    for line in (b"first\n", b"second\n"):
        writer.put(line)
        assert collector.lines(1) == [line]


def test_what_waits_has_a_bound_and_what_is_dropped_is_counted(collector: Collector) -> None:
    collector.close()
    dropped = LOG_LINES_DROPPED.labels("collector")
    before = dropped._value.get()
    writer = LineWriter(Wire(collector.address, first_pause=0.01), to="collector", queued_lines=10)
    for _ in range(100):
        writer.put(b"one of many\n")
    lost = int(dropped._value.get() - before)
    assert 80 <= lost <= 90, "the queue is full at most twice: once what is being sent, once what waits"
    back = Collector(collector.port)
    assert len(back.lines(100 - lost)) == 100 - lost
    back.close()
