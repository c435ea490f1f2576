"""The `portico` command, pointed at a platform, as somebody types it who reads a page."""

import asyncio
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.layout import Layout

PORTICO: Final = Path(sys.executable).with_name("portico")
SECONDS: Final = 90.0
"""Of one command, at most."""
MOST_TOLD: Final = 300
CODES: Final = {"status": (0, 1)}
"""`portico status` tells by its exit code whether all are ready, and says so; all others end with 0."""


@dataclass(frozen=True)
class Said:
    """A command as it was typed, and what was wrong with its end; empty if nothing."""

    command: str
    problem: str = ""


class Failed(Exception):
    """A command of the drill itself did not do what it should."""


async def done(layout: Layout, line: str) -> None:
    """Run a line that has to go well. Raises Failed."""
    said = await portico(layout, line)
    if said.problem:
        raise Failed(f"{line}: {said.problem}")


async def portico(layout: Layout, line: str) -> Said:
    """Run a line such as `portico logs order -n 100`, and say yes to whatever it asks."""
    _, *words = shlex.split(line)
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        PORTICO,
        *words,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, **layout.environment},
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, complained = await child.communicate(b"y\n")
    except TimeoutError:
        child.kill()
        await child.wait()
        return Said(line, f"no end after {SECONDS:g} s")
    if child.returncode not in CODES.get(words[0], (0,)):
        last = " ".join((said + complained).decode().split())[-MOST_TOLD:]
        return Said(line, f"exit code {child.returncode}: {last}")
    return Said(line, "" if said.strip() else "it said nothing")
