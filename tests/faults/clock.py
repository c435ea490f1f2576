"""The clock of one process, which can be put forward while it runs.

libfaketime is preloaded into it and answers with the time that a file says. Only the time of day is led astray: the
monotonic clock, which measures pauses and time-outs, goes on as it would when somebody sets a machine's clock.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts.native.debian import DebianPackages
from scripts.native.part import Part

PART: Final = Part("faketime", DebianPackages("bookworm", ("libfaketime",)))
# Of threads.
LIBRARY: Final = "libfaketimeMT.so.1"
UNTOUCHED: Final = {"LD_PRELOAD": ""}
"""The environment of a process that has the machine's clock, whatever its service's other instances have."""


class Clock:
    """How far a process is ahead of the machine, told to it by a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.put(0)

    def put(self, seconds_ahead: int) -> None:
        """Jump there at once."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{seconds_ahead:+d}\n")
        draft.replace(self._file)

    def environment(self, native: Path) -> Mapping[str, str]:
        """What a process is told that shall go by this clock; `native` has the fetched parts."""
        (library,) = PART.directory(native).glob(f"usr/lib/*/faketime/{LIBRARY}")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",
        }
