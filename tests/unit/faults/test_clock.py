"""A clock that is put forward leads only its own process astray, and only about the time of day."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.layout import CHECKOUT, Layout
from scripts.native.fetching import fetch
from tests.faults.clock import PART, Clock

TELL = """
import sys, time
for _ in sys.stdin:
    print(time.time(), time.monotonic(), flush=True)
"""


@pytest.fixture
async def native() -> Path:
    native = Layout(CHECKOUT / ".portico" / "test").native
    await fetch(native, (PART,))
    return native


def test_the_time_of_day_jumps_while_a_process_runs_and_the_monotonic_clock_does_not(
    native: Path, tmp_path: Path
) -> None:
    clock = Clock(tmp_path / "clock")
    command, environment = (sys.executable, "-c", TELL), dict(clock.environment(native))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
    ) as told:
        assert told.stdin and told.stdout
        for seconds_ahead in (0, 3600, 0):
            clock.put(seconds_ahead)
            told.stdin.write("?\n")
            of_day, monotonic = map(float, told.stdout.readline().split())
            assert abs(of_day - time.time() - seconds_ahead) < 5
            assert abs(monotonic - time.monotonic()) < 5
