"""`portico keys`: which keys sign access tokens, and having a new one take over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.table import Table

from scripts.console import console, literally
from scripts.layout import Layout
from scripts.operating import ADMIN, operator
from scripts.platform import load_credentials
from scripts.storefront import Refused, Storefront

KEYS = f"{ADMIN}/keys"
LOOK_SECONDS = 0.5
STATES = {"published": "yellow", "active": "green", "retired": "dim", "removed": "dim"}

keys = typer.Typer(no_args_is_help=True, help="Look at the keys that sign access tokens, and rotate them.")


@keys.command("list")
def list_keys() -> None:
    """Show the signing keys, the newest first, and who has not acknowledged one that is on its way."""
    asyncio.run(_list())


@keys.command()
def rotate(
    reason: Annotated[str, typer.Option(help="Why; it is kept with the key.")] = "by hand",
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Refuse all tokens of the keys before it as soon as it signs.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to watch it, at most.")] = 60.0,
) -> None:
    """Publish a new signing key, and have it sign once everybody has acknowledged it."""
    asyncio.run(_rotate({"reason": reason, "revoke": revoke}, wait))


async def _list() -> None:
    async with operator() as client:
        page = await client.call("GET", KEYS)
    columns = ("key", "state", "since", "accepted until", "reason", "asked for by")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for key in page["items"]:
        colour, since = STATES[key["state"]], key["activated_at"] or key["created_at"]
        state = f"[{colour}]{key['state']}[/{colour}]"
        told = (literally(key[name] or "") for name in ("reason", "asked_by"))
        table.add_row(key["kid"], state, _time(since), _time(key["accepted_until"]), *told)
    console.print(table)
    if page["awaited"]:
        console.print(_position(page["awaited"]), soft_wrap=True)


async def _rotate(body: dict[str, Any], seconds: float) -> None:
    async with operator() as client:
        began = await client.call("POST", f"{KEYS}/rotation", body, key=uuid4().hex)
        console.print(f"[green]✓[/green] published   {began['kid']}")
        progress = _Progress(began["kid"])
        try:
            async with asyncio.timeout(seconds):
                await progress.follow(client)
        except TimeoutError:
            console.print(
                f"[yellow]It is not active after {seconds:g} s: {progress.position}.[/yellow]", soft_wrap=True
            )
            console.print(
                "Nothing is lost: auth goes on by itself, and signs with the old key until then. "
                "`portico keys list` shows how far it is.",
                soft_wrap=True,
            )
            raise typer.Exit(1) from None


class _Progress:
    """How far a key has come; each step is told once."""

    def __init__(self, kid: str) -> None:
        self._kid = kid
        self._acknowledged = False
        self.position = "nothing is known of it yet"

    async def follow(self, client: Storefront) -> None:
        """Look again and again until the key signs."""
        with console.status("waiting for acknowledgement …") as spinner:
            async for page in _looks(client):
                key = next(key for key in page["items"] if key["kid"] == self._kid)
                self._tell(key, page["awaited"])
                if key["activated_at"]:
                    break
                spinner.update(self.position)
        console.print("[green]✓[/green] active")
        for key in page["items"]:
            if key["state"] == "retired":
                console.print(f"  {key['kid']} is accepted until {_time(key['accepted_until'])}")

    def _tell(self, key: Any, awaited: Any) -> None:
        if awaited:
            self.position = _position(awaited)
        if key["acknowledged_at"] and not self._acknowledged:
            self._acknowledged = True
            console.print(f"[green]✓[/green] acknowledged by {awaited['acknowledged'] if awaited else 'all'}")


async def _looks(client: Storefront) -> AsyncIterator[Any]:
    """The keys again and again. Who logged in with a key that is revoked has to do so once more."""
    while True:
        try:
            yield await client.call("GET", KEYS)
        except Refused as error:
            if error.status != 401:
                raise
            await client.log_in(load_credentials(Layout.from_environment()).admin)
        await asyncio.sleep(LOOK_SECONDS)


def _position(awaited: Any) -> str:
    missing = awaited["waiting_for"]
    of = awaited["acknowledged"] + len(missing)
    names = ", ".join(f"{literally(one['instance'])} ({literally(one['reason'])})" for one in missing)
    return f"acknowledged by {awaited['acknowledged']} of {of}{f', waiting for {names}' if names else ''}"


def _time(at: str | None) -> str:
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""
