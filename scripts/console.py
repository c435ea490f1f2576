"""What the commands print with, and how they give up."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from rich.console import Console
from rich.markup import escape

from scripts.background import DaemonFailed
from scripts.control import BrokenOff, NotRunning
from scripts.demo import DemoFailed
from scripts.layout import LayoutError
from scripts.native.part import FetchFailed
from scripts.native.tools import ToolMissing
from scripts.storefront import Refused
from scripts.supervisor import State

# Where no terminal says how wide it is, lines are left whole.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)

COLOURS = {
    State.READY: "green",
    State.FAILED: "red",
    State.RESTARTING: "red",
    State.STOPPED: "dim",
}
EXPECTED = (
    BrokenOff,
    DaemonFailed,
    DemoFailed,
    FetchFailed,
    LayoutError,
    NotRunning,
    Refused,
    ToolMissing,
    aiohttp.ClientError,
    TimeoutError,
)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what can be expected to go wrong into a sentence and exit code 1."""
    try:
        yield
    except aiohttp.ClientConnectionError as error:
        console.print(f"[red]✗[/red] {escape(str(error))}: `portico status` tells what runs", soft_wrap=True)
        sys.exit(1)
    except EXPECTED as error:
        console.print(f"[red]✗[/red] {escape(str(error) or 'no answer in time')}", soft_wrap=True)
        sys.exit(1)


def coloured(state: State) -> str:
    """A state as markup."""
    colour = COLOURS.get(state, "yellow")
    return f"[{colour}]{state}[/{colour}]"
