"""What each process used of the machine."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import psutil

MIB = 1024 * 1024


@dataclass
class Meter:
    """CPU seconds that processes used since the meter was made."""

    pids: Mapping[str, int]
    _before: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self._before = _each(self.pids, _cpu)

    def cpu_seconds(self) -> dict[str, float]:
        """By name of the process."""
        return {name: round(now - self._before[name], 2) for name, now in _each(self.pids, _cpu).items()}


def resident(pids: Mapping[str, int]) -> dict[str, float]:
    """Resident memory of processes in MiB, by name."""
    return _each(pids, lambda process: process.memory_info().rss / MIB)


def _each(pids: Mapping[str, int], figure: Callable[[psutil.Process], float]) -> dict[str, float]:
    """A figure of each process together with those that it started and that are not named themselves."""
    named = frozenset(pids.values())
    return {
        name: round(sum(figure(process) for process in _family(psutil.Process(pid), named)), 2)
        for name, pid in pids.items()
    }


def _family(process: psutil.Process, named: frozenset[int]) -> Iterator[psutil.Process]:
    yield process
    for child in process.children():
        if child.pid not in named:
            yield from _family(child, named)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
