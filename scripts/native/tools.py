"""Where an executable is: named by an environment variable, on PATH, or fetched."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

VERSION_SECONDS = 10.0

Version = tuple[int, ...]


class ToolMissing(RuntimeError):
    """An executable is nowhere to be found; the message says how to get it."""


@dataclass(frozen=True)
class Tool:
    """An executable of a part.

    `commands` are its names on PATH, taken when at least `minimum` old; `inside` its path in the
    directory of the fetched part.
    """

    variable: str
    commands: tuple[str, ...]
    inside: str
    minimum: Version
    version_argument: str = "--version"


@dataclass(frozen=True)
class Found:
    """An executable and where it came from: the name of a variable, "PATH" or "fetched"."""

    path: Path
    source: str

    @property
    def fetched(self) -> bool:
        return self.source == "fetched"


def installed(tool: Tool, environment: Mapping[str, str] = os.environ) -> Found | None:
    """The executable this machine already has. Raises ToolMissing when the variable names none."""
    if named := environment.get(tool.variable):
        if not os.access(named, os.X_OK):
            raise ToolMissing(f"{tool.variable}={named} is not an executable file")
        return Found(Path(named), tool.variable)
    for command in tool.commands:
        path = shutil.which(command, path=environment.get("PATH"))
        if path and version(Path(path), tool.version_argument) >= tool.minimum:
            return Found(Path(path), "PATH")
    return None


@lru_cache
def version(path: Path, argument: str) -> Version:
    """The version an executable states, () if it states none."""
    try:
        run = subprocess.run(
            [path, argument], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    stated = re.search(r"\d+\.\d+(\.\d+)?", run.stdout + run.stderr)
    return tuple(int(number) for number in stated[0].split(".")) if stated else ()
