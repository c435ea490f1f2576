"""`portico doctor`: what this machine has, lacks, and how to get it."""

import shutil
import sys

from rich.markup import escape
from rich.table import Table

from scripts.console import console
from scripts.layout import PORTS, Layout
from scripts.native.debian import missing_tools
from scripts.native.fetching import PARTS, advice
from scripts.native.part import Part
from scripts.native.tools import ToolMissing, version
from scripts.supervisor.ports import in_use, owner

NEEDED_BYTES = 3 * 1024**3


def doctor() -> None:
    """Say what is present, what is missing and how to get it, and who uses which of our ports."""
    layout = Layout.from_environment()
    console.print(_machine(layout))
    console.print(_parts(layout))
    console.print(_ports(layout))


def _machine(layout: Layout) -> Table:
    table = _table("This machine")
    layout.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(layout.home).free
    table.add_row("Python", f"{sys.version.split()[0]} at {sys.executable}", "")
    enough = "" if free >= NEEDED_BYTES else f"the platform wants {NEEDED_BYTES >> 30} GiB"
    table.add_row("disk", f"{free >> 30} GiB free under {layout.home}", enough)
    missing = missing_tools()
    table.add_row(
        "Debian packages",
        f"missing: {', '.join(missing)}" if missing else "can be fetched",
        "put consul, prometheus and RabbitMQ on this machine yourself" if missing else "",
    )
    return table


def _parts(layout: Layout) -> Table:
    table = _table("Native parts")
    for part in PARTS:
        state, hint = _part(part, layout)
        table.add_row(part.name, state, escape(hint))
    return table


def _part(part: Part, layout: Layout) -> tuple[str, str]:
    try:
        found = part.find(layout.native)
    except ToolMissing as error:
        return "[red]missing[/red]", str(error)
    if found and part.tool:
        number = ".".join(map(str, version(found.path, part.tool.version_argument))) or "unknown version"
        return f"[green]{number}[/green] ({found.source}: {found.path})", ""
    if part.is_fetched(layout.native):
        return "[green]fetched[/green]", ""
    return "[yellow]not there[/yellow]", f"`portico fetch` gets it.{advice(part)}"


def _ports(layout: Layout) -> Table:
    table = _table("Ports")
    for name in PORTS:
        port = layout.port(name)
        taken = owner(port) if in_use(port) else ""
        table.add_row(name, str(port), f"in use by {taken}" if taken else "[green]free[/green]")
    return table


def _table(title: str) -> Table:
    return Table("", "", "", title=title, title_justify="left", box=None, show_header=False, pad_edge=False)
