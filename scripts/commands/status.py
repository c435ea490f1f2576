"""`portico status`: every process, for people or machines."""

import asyncio
import json
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from scripts.console import coloured, console
from scripts.control import Message, NotRunning, ask
from scripts.layout import Layout
from scripts.supervisor import State

MIB = 1024 * 1024
COLUMNS = ("process", "state", "pid", "ports", "restarts", "uptime", "memory", "says")


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show every process: state, pid, ports, restarts, uptime, memory. Exit code 1 unless all are ready."""
    processes = asyncio.run(_processes(Layout.from_environment()))
    if as_json:
        typer.echo(json.dumps({"running": bool(processes), "processes": processes}, indent=2))
    elif processes:
        console.print(_table(processes))
    else:
        console.print("The platform is not running: `portico up` starts it.")
    if not processes or any(process["state"] != State.READY for process in processes):
        raise typer.Exit(1)


async def _processes(layout: Layout) -> list[Message]:
    try:
        answers = [answer async for answer in ask(layout.control_socket, command="status")]
    except NotRunning:
        return []
    found: list[Message] = answers[0]["processes"]
    return found


def _table(processes: list[Message]) -> Table:
    table = Table(*COLUMNS, box=None, pad_edge=False, header_style="bold")
    for process in processes:
        table.add_row(
            process["name"],
            coloured(State(process["state"])),
            str(process["pid"] or ""),
            " ".join(str(port) for port in process["ports"]),
            str(process["restarts"] or ""),
            str(timedelta(seconds=int(process["uptime"]))) if process["pid"] else "",
            f"{process['rss'] / MIB:.0f} MiB" if process["pid"] else "",
            process["text"],
        )
    total = sum(process["rss"] for process in processes) / MIB
    table.add_row("", "", "", "", "", "", f"[bold]{total:.0f} MiB[/bold]", "")
    return table
