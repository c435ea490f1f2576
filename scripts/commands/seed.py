"""`portico seed`: accounts and sample catalogue."""

import asyncio

from scripts.console import console
from scripts.demo import seed_accounts, seed_catalogue
from scripts.layout import Layout


def seed() -> None:
    """Create the admin and support accounts and the sample catalogue, where they are missing."""
    asyncio.run(seed_all(Layout.from_environment()))


async def seed_all(layout: Layout) -> None:
    """Seed and say what was new."""
    with console.status("seeding accounts and catalogue …"):
        await asyncio.to_thread(seed_accounts, layout)
        created = await seed_catalogue(layout)
    new = f"{created} products are new" if created else "nothing was missing"
    console.print(f"[green]✓[/green] accounts and sample catalogue: {new}")
