"""`portico fetch`: get the native parts."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated

import typer

from scripts.console import console
from scripts.layout import Layout
from scripts.native.fetching import PARTS
from scripts.native.fetching import fetch as fetch_parts
from scripts.native.part import Part


def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[PART]...", help="Only these, such as xds.")
    ] = None,
) -> None:
    """Fetch the native parts this machine lacks (about 150 MB) and verify them."""
    known = {part.name: part for part in PARTS}
    if unknown := [name for name in names or () if name not in known]:
        raise typer.BadParameter(f"no part is called {', '.join(unknown)}; there are {', '.join(known)}")
    wanted = [known[name] for name in names or known]
    asyncio.run(fetch_missing(Layout.from_environment(), wanted))


async def fetch_missing(layout: Layout, parts: Sequence[Part] = PARTS) -> None:
    """Fetch what is missing of these, telling how it goes. Raises FetchFailed."""
    began = time.monotonic()
    under_way = {part.name for part in parts if part.is_needed(layout.native)}
    if not under_way:
        return
    with console.status("") as spinner:

        def tell(part: str, state: str) -> None:
            spinner.update(f"fetching {', '.join(sorted(under_way))} …")
            if state == "fetching":
                return
            under_way.discard(part)
            mark = "[green]✓[/green]" if state == "fetched" else "[red]✗[/red]"
            console.print(f"{mark} {state} {part} [dim]{time.monotonic() - began:.1f} s[/dim]")

        await fetch_parts(layout.native, parts, tell)
