"""Log files are read as the supervisor writes them: across rotation, restarts and floods, no line twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from observability.collector.database import Readers
from observability.collector.logs import LogLimits, LogStore
from observability.collector.metrics import DROPPED
from observability.collector.searching import LogQuery, find_lines
from observability.collector.tail import LogTail
from scripts.supervisor.logfile import LogFile

NOW = 10**15
INFO = b'{"@timestamp":"","log.level":"info","message":"%d"}\n'
ERROR = b'{"@timestamp":"","log.level":"error","message":"%d"}\n'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LogStore]:
    opened = LogStore(tmp_path / "logs.db", LogLimits(10**9, 10**15))
    yield opened
    opened.close()


async def kept(store: LogStore) -> list[str]:
    """Every message, in the order in which they came."""
    lines = await Readers(store.path).ask(lambda db: find_lines(db, LogQuery(limit=100_000)))
    return [one.row.message for one in reversed(lines)]


async def test_every_line_is_kept_once_across_rotation_and_restarts(tmp_path: Path, store: LogStore) -> None:
    log = LogFile(tmp_path, "order-1", limit=2_000)
    tail = LogTail(tmp_path, store, 1_000, 1_000)
    for number in range(300):
        log.write(INFO % number)
        if number % 20 == 0:
            tail.round(NOW)
        if number % 90 == 0:
            tail = LogTail(tmp_path, store, 1_000, 1_000)
    tail.round(NOW)
    assert tail.round(NOW) == 0
    assert await kept(store) == [str(number) for number in range(300)]


async def test_a_line_is_read_when_it_is_whole(tmp_path: Path, store: LogStore) -> None:
    log = LogFile(tmp_path, "consul")
    tail = LogTail(tmp_path, store, 1_000, 1_000)
    log.write(b"half of")
    assert tail.round(NOW) == 0
    log.write(b" a line\nand")
    assert tail.round(NOW) == 1
    assert await kept(store) == ["half of a line"]


async def test_in_a_flood_errors_are_kept_and_the_rest_is_counted(tmp_path: Path, store: LogStore) -> None:
    log = LogFile(tmp_path, "order-1")
    log.write(b"".join((ERROR if number % 100 == 99 else INFO) % number for number in range(1_000)))
    before = DROPPED.labels("lines")._value.get()
    assert LogTail(tmp_path, store, 0.001, 200).round(NOW) == 208
    assert DROPPED.labels("lines")._value.get() - before == 792
    assert (await kept(store))[-8:] == [str(number) for number in range(299, 1_000, 100)]


@pytest.mark.parametrize(
    ("place", "depth"), [("labels.deep", 252), ("labels.deep", 1_000), ("message", 1_000)]
)
async def test_a_line_that_cannot_be_kept_holds_up_no_other(
    tmp_path: Path, store: LogStore, place: str, depth: int
) -> None:
    poison = b'{"@timestamp":"","message":"deep","%s":%s1%s}\n' % (place.encode(), b"[" * depth, b"]" * depth)
    LogFile(tmp_path, "order-1").write(INFO % 1 + poison + INFO % 2)
    LogFile(tmp_path, "auth-1").write(INFO % 0)
    before = DROPPED.labels("lines")._value.get()
    tail = LogTail(tmp_path, store, 1_000, 1_000)
    assert tail.round(NOW) == 3
    assert DROPPED.labels("lines")._value.get() - before == 1
    assert await kept(store) == ["0", "1", "2"]
    assert tail.round(NOW) == 0
    assert LogTail(tmp_path, store, 1_000, 1_000).round(NOW) == 0


async def test_files_that_come_and_go_disturb_nothing(tmp_path: Path, store: LogStore) -> None:
    tail = LogTail(tmp_path / "later", store, 10, 10)
    assert tail.round(NOW) == 0
    log = LogFile(tmp_path / "later", "auth-1")
    log.write(b"hello\n")
    assert tail.round(NOW) == 1
    log.path.unlink()
    assert tail.round(NOW) == 0
