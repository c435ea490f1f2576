"""`portico orders`: upkeep of what is known of orders."""

import asyncio
from typing import Annotated

import typer

from scripts.console import console, literally
from scripts.layout import Layout
from scripts.rebuilding import RebuildFailed, rebuilt

SHOWN = 20

orders = typer.Typer(no_args_is_help=True, help="Upkeep of what is known of orders.")


@orders.callback()
def _group() -> None:
    """A group even while it has one command only."""


@orders.command()
def rebuild(
    after: Annotated[str, typer.Option(help="Go on behind this order.")] = "",
) -> None:
    """Check every order against its stream of events and mend what differs, while orders go on."""
    broken = asyncio.run(_rebuild(Layout.from_environment(), after))
    raise typer.Exit(1 if broken else 0)


async def _rebuild(layout: Layout, after: str) -> int:
    """How many could not be mended."""
    checked, mended = 0, 0
    broken: dict[str, str] = {}
    try:
        with console.status("looking at orders …") as spinner:
            async for found in rebuilt(layout, after):
                after = found["after"] or after
                checked += found["checked"]
                mended += len(found["mended"])
                broken |= found["broken"] | dict.fromkeys(found["strays"], "there is no stream of it")
                spinner.update(f"{checked} checked, {mended} mended, up to {after}")
    except (RebuildFailed, asyncio.CancelledError):
        if after:
            console.print(f"It can go on with `portico orders rebuild --after {after}`.")
        raise
    console.print(f"[green]✓[/green] {checked} orders checked, {mended} mended, {len(broken)} cannot be")
    for order_id, why in list(broken.items())[:SHOWN]:
        console.print(f"  [red]✗[/red] {literally(order_id)}: {literally(why)}", soft_wrap=True)
    return len(broken)
