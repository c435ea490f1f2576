"""Who may use which core: what is measured has one to itself, and everything around it shares the rest."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from scripts.supervisor import ProcessSpec


@contextmanager
def one_core_free() -> Iterator[int]:
    """The number of a core that neither this process nor what it starts inside uses, unless it is pinned there."""
    cores = os.sched_getaffinity(0)
    kept = min(cores)
    os.sched_setaffinity(0, cores - {kept} or cores)
    try:
        yield kept
    finally:
        os.sched_setaffinity(0, cores)


def pinned(spec: ProcessSpec, core: int) -> ProcessSpec:
    """The process with all its threads on one core."""
    return replace(spec, command=("taskset", "--cpu-list", str(core), *spec.command))
