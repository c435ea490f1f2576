"""`portico order`: place an order and watch it."""

import asyncio
import time
from typing import Annotated

import typer

from scripts.console import console
from scripts.demo import place_order
from scripts.layout import Layout
from scripts.storefront import Storefront


def order(
    token: Annotated[str, typer.Option(help="Payment token of the sandbox provider.")] = "tok_approve",
) -> None:
    """Place an order through Envoy as the demo customer and show its steps as they happen."""
    asyncio.run(place_and_follow(Layout.from_environment(), token))


async def place_and_follow(layout: Layout, token: str) -> str:
    """Place one order, print every status it goes through with the time since then; return the last one."""
    status = "CREATED"
    async with Storefront(layout.url("edge")) as storefront:
        with console.status("placing an order …"):
            placed = await place_order(storefront, layout, token)
        began = time.monotonic()
        console.print(f"Order {placed.order_id}: one {placed.product} [dim]({placed.sku})[/dim]")
        async for event in storefront.events(placed.events_url):
            status = event.status
            reason = f" ({event.reason})" if event.reason else ""
            console.print(f"  {time.monotonic() - began:6.3f} s  {status}{reason}  [dim]{event.at}[/dim]")
    return status
