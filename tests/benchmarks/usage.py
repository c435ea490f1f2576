"""What each process used of the machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil

MIB = 1024 * 1024


@dataclass
class Meter:
    """CPU seconds that processes, with all they started, used since the meter was made."""

    pids: Mapping[str, int]
    _before: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self._before = self._now()

    def cpu_seconds(self) -> dict[str, float]:
        """By name of the process."""
        return {name: round(now - self._before[name], 2) for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: sum(map(_cpu, family(pid))) for name, pid in self.pids.items()}


def resident(pids: Mapping[str, int]) -> dict[str, float]:
    """Resident memory of processes with all they started, in MiB, by name."""
    return {
        name: round(sum(process.memory_info().rss for process in family(pid)) / MIB, 1)
        for name, pid in pids.items()
    }


def family(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
