"""`portico logs`: what the processes said."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from scripts.console import console
from scripts.layout import Layout
from scripts.supervisor.logfile import LogReader, tail

POLL_SECONDS = 0.2
COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")


def logs(
    names: Annotated[list[str] | None, typer.Argument(help="Processes or services; all without.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of each.")] = 20,
) -> None:
    """Show the last lines of the logs, prefixed with the process that wrote them."""
    directory = Layout.from_environment().logs
    # Where following starts is noted before the tail is read: a line may come twice, none gets lost.
    readers = {path: LogReader(path) for path in _matching(directory, names or [])}
    for path in readers:
        for line in tail(path, lines):
            _print(path, line)
    if follow:
        asyncio.run(_follow(directory, names or [], readers))


async def _follow(directory: Path, names: list[str], readers: dict[Path, LogReader]) -> None:
    while True:
        for path in _matching(directory, names):
            # A process that is new since then is shown from its first line.
            reader = readers.setdefault(path, LogReader(path, from_start=path not in readers))
            for line in reader.lines():
                _print(path, line)
        await asyncio.sleep(POLL_SECONDS)


def _matching(directory: Path, names: list[str]) -> list[Path]:
    """The logs of the named processes or services: `order` means order-1, order-2 and so on."""
    return [path for path in sorted(directory.glob("*.log")) if not names or _is_named(path.stem, names)]


def _is_named(process: str, names: list[str]) -> bool:
    service, _, number = process.rpartition("-")
    return process in names or (number.isdigit() and service in names)


def _print(path: Path, line: str) -> None:
    # By name, so that a process keeps its colour.
    colour = COLOURS[sum(path.stem.encode()) % len(COLOURS)]
    console.print(Text.assemble((f"{path.stem:<16} | ", colour), Text.from_ansi(line)), soft_wrap=True)
