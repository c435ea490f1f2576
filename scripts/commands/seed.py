"""`portico seed`: accounts and products."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from scripts.commands.bars import bars, listed
from scripts.console import console
from scripts.demo import seed_accounts, seed_catalogue
from scripts.layout import Layout
from scripts.platform import load_credentials
from scripts.seeding import Article, put_on_sale
from scripts.storefront import Storefront

SLICE = 2000


class Source(StrEnum):
    """Where products come from."""

    SAMPLE = "sample"
    COMPLETE_JOURNEY = "complete-journey"


def seed(
    source: Annotated[
        Source, typer.Option("--from", help="The sample catalogue, or a grocer's real one.")
    ] = Source.SAMPLE,
    products: Annotated[
        int, typer.Option(min=1, help="How many of the real ones, those bought most.")
    ] = 2000,
) -> None:
    """Create the admin and support accounts and products with stock, where they are missing."""
    layout = Layout.from_environment()
    asyncio.run(seed_all(layout) if source is Source.SAMPLE else _seed_complete_journey(layout, products))


async def seed_all(layout: Layout) -> None:
    """Seed the sample catalogue and say what was new."""
    with console.status("seeding accounts and catalogue …"):
        await asyncio.to_thread(seed_accounts, layout)
        created = await seed_catalogue(layout.url("edge"), load_credentials(layout).admin)
    console.print(f"[green]✓[/green] accounts and sample catalogue: {_new(created)}")


async def _seed_complete_journey(layout: Layout, count: int) -> None:
    # Here, so that the other commands do without the data and what reads it.
    from scripts.complete_journey.catalogue import most_bought

    with console.status("reading a year of purchases …"):
        catalogue = await asyncio.to_thread(most_bought, count)
        await asyncio.to_thread(seed_accounts, layout)
    created = await _put_on_sale(layout, catalogue.articles)
    console.print(f"[green]✓[/green] {len(catalogue.articles):,} products are on sale: {_new(created)}")
    console.print(f"  left out: {listed(catalogue.skipped) or 'nothing'}", soft_wrap=True)


async def _put_on_sale(layout: Layout, articles: Sequence[Article]) -> int:
    """Show a bar while it goes on; return how many were new."""
    admin, created = load_credentials(layout).admin, 0
    async with Storefront(layout.url("edge")) as storefront:
        with bars() as progress:
            bar = progress.add_task("putting on sale", total=len(articles))
            for first in range(0, len(articles), SLICE):
                # A token does not live as long as a large catalogue takes.
                await storefront.log_in(admin)
                part = articles[first : first + SLICE]
                created += await put_on_sale(storefront, part, lambda: progress.advance(bar))
    return created


def _new(created: int) -> str:
    return f"{created:,} products are new" if created else "nothing was missing"
