"""Which processes were started, on disk: what a killed supervisor left behind can be found and ended."""

import contextlib
import json
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

TERMINATE_SECONDS = 10.0
KILL_SECONDS = 5.0


class Record:
    """The running processes by pid, with the start time that tells a pid from its next owner."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started: dict[int, float] = {}

    def add(self, pid: int) -> None:
        """Remember a process that leads a session of its own."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._started[pid] = psutil.Process(pid).create_time()
            self._save()

    def remove(self, pid: int) -> None:
        """Forget a process whose whole group is gone."""
        if self._started.pop(pid, None) is not None:
            self._save()

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps(self._started))
        draft.replace(self._path)


def end_leftovers(path: Path) -> int:
    """End what a recorded, now dead supervisor left running; return how many processes that were."""
    if not path.exists():
        return 0
    recorded = {int(pid): started for pid, started in json.loads(path.read_text()).items()}
    left = [process for process in psutil.process_iter() if _is_left(process, recorded)]
    _signal(left, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(left, timeout=TERMINATE_SECONDS)
    _signal(stubborn, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=KILL_SECONDS)
    path.unlink()
    return len(left)


def _is_left(process: psutil.Process, recorded: dict[int, float]) -> bool:
    try:
        session = os.getsid(process.pid)
        if session not in recorded:
            return False
        # A pid is not given out again while its session lives, so a missing leader leaves only its own.
        return not psutil.pid_exists(session) or _started(session) == recorded[session]
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def _started(pid: int) -> float:
    return psutil.Process(pid).create_time()


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
