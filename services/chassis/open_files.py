"""How many files and connections a process may have open: it is started with fewer than it may ask for."""

import resource
from typing import Final

ENOUGH: Final = 65_536
"""More would cost some programs memory for each that they could have."""


def allow_open_files() -> int:
    """Ask for enough, and tell how many there may be; those that are started from here may have as many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
