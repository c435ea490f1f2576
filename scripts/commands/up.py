"""`portico up`: fetch, start, seed, and prove it with an order."""

import asyncio
import time
from typing import Annotated

import typer

from scripts.background import is_running, launch
from scripts.commands.fetch import fetch_missing
from scripts.commands.order import place_and_follow
from scripts.commands.progress import follow
from scripts.commands.seed import seed_all
from scripts.console import console
from scripts.control import ask
from scripts.demo import DemoFailed
from scripts.layout import Layout
from scripts.platform import platform_specs
from scripts.supervisor import State


def up(
    sample: Annotated[bool, typer.Option(help="Load the sample catalogue and place an order.")] = True,
) -> None:
    """Start the whole platform in the background and show that it works."""
    asyncio.run(_up(Layout.from_environment(), sample))


async def _up(layout: Layout, sample: bool) -> None:
    began = time.monotonic()
    await fetch_missing(layout)
    # Made here too, so that what is wrong with the environment is said here and not in the background.
    platform_specs(layout)
    was_running = await is_running(layout)
    if not was_running:
        await launch(layout)
    await follow(layout, ask(layout.control_socket, command="start"), State.READY)
    console.print(f"[bold]The platform is up[/bold] [dim]after {time.monotonic() - began:.1f} s[/dim]")
    if sample:
        await seed_all(layout)
    if sample and not was_running:
        await _prove(layout)
    _print_addresses(layout)


async def _prove(layout: Layout) -> None:
    """Place an order and insist on its success."""
    status = await place_and_follow(layout, "tok_approve")
    if status != "CONFIRMED":
        raise DemoFailed(
            f"the sample order ended as {status}: `portico logs order payment inventory` may say why"
        )


def _print_addresses(layout: Layout) -> None:
    addresses = {
        "API, through Envoy": layout.url("edge"),
        "Console": layout.url("console"),
        "Consul": f"{layout.url('consul')}/ui",
        "RabbitMQ": layout.url("rabbitmq_management"),
        "Prometheus": layout.url("prometheus"),
        "Accounts": layout.home / "credentials.json",
        "Secrets of the parts": layout.home / "secrets.json",
        "Logs": layout.logs,
    }
    console.print()
    for name, address in addresses.items():
        console.print(f"  {name:<21} {address}", soft_wrap=True)
