"""What the commands print with, and how they give up."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from rich.console import Console
from rich.markup import escape

from scripts.background import DaemonFailed
from scripts.complete_journey import DataMissing, TooFewBaskets
from scripts.control import BrokenOff, NotRunning
from scripts.demo import DemoFailed
from scripts.layout import LayoutError
from scripts.native.part import FetchFailed
from scripts.native.tools import ToolMissing
from scripts.rebuilding import RebuildFailed
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
    DataMissing,
    DemoFailed,
    FetchFailed,
    LayoutError,
    NotRunning,
    RebuildFailed,
    Refused,
    ToolMissing,
    aiohttp.ClientError,
    TimeoutError,
    TooFewBaskets,
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


def literally(text: object) -> str:
    """Markup that shows a stranger's text as it is: no markup of its own, nothing that commands the terminal."""
    characters = (
        character if character.isprintable() or character == "\n" else repr(character)[1:-1]
        for character in str(text)
    )
    return escape("".join(characters))


def coloured(state: State) -> str:
    """A state as markup."""
    colour = COLOURS.get(state, "yellow")
    return f"[{colour}]{state}[/{colour}]"
