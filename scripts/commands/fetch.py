"""`portico fetch`: get the native parts."""

import asyncio
import time

from scripts.console import console
from scripts.layout import Layout
from scripts.native.fetching import PARTS
from scripts.native.fetching import fetch as fetch_parts


def fetch() -> None:
    """Fetch the native parts this machine lacks (about 150 MB) and verify them."""
    asyncio.run(fetch_missing(Layout.from_environment()))


async def fetch_missing(layout: Layout) -> None:
    """Fetch what is missing, telling how it goes. Raises FetchFailed."""
    began = time.monotonic()
    under_way = {part.name for part in PARTS if part.is_needed(layout.native)}
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

        await fetch_parts(layout.native, tell=tell)
