"""Log files are bounded and their end can be read."""

from pathlib import Path

from scripts.supervisor.logfile import LogFile, LogReader, tail


def test_rotates_and_keeps_one_older_file(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "order-1", limit=100)
    for number in range(50):
        log.write(b"line %d\n" % number)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 250
    assert {file.name for file in tmp_path.iterdir()} <= {"order-1.log", "order-1.log.1"}
    kept = tail(tmp_path / "order-1.log.1", 100) + tail(tmp_path / "order-1.log", 100)
    assert kept[-1] == "line 49"


def test_notes_stand_between_the_output(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "order-1")
    log.write(b"hello\n")
    log.note("stopped")
    assert tail(tmp_path / "order-1.log", 1)[0].startswith("-- ")
    assert tail(tmp_path / "order-1.log", 5)[0] == "hello"


def test_of_a_log_that_is_not_there_nothing_is_shown(tmp_path: Path) -> None:
    assert tail(tmp_path / "nobody.log", 5) == []


def test_follows_a_log_across_its_rotation(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "order-1", limit=30)
    log.write(b"before\n")
    reader = LogReader(log.path)
    log.write(b"half a ")
    assert reader.lines() == []
    log.write(b"line\n")
    assert reader.lines() == ["half a line"]
    log.write(b"the last of its file\n")
    log.write(b"first of the next\n")
    assert reader.lines() == ["the last of its file", "first of the next"]
