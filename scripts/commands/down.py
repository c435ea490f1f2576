"""`portico down`: stop everything."""

import asyncio

from scripts.background import until_gone
from scripts.commands.progress import follow
from scripts.console import console
from scripts.control import NotRunning, ask
from scripts.layout import Layout
from scripts.supervisor import State
from scripts.supervisor.record import end_leftovers


def down() -> None:
    """Stop everything, in reverse order, and leave no process behind."""
    asyncio.run(_down(Layout.from_environment()))


async def _down(layout: Layout) -> None:
    try:
        await follow(layout, ask(layout.control_socket, command="stop"), State.STOPPED)
        await until_gone(layout)
    except NotRunning:
        console.print("No supervisor is running.")
    if left := end_leftovers(layout.process_record):
        console.print(f"Ended {left} processes that a killed supervisor had left.")
