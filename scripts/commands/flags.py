"""`portico flags`: features that are on, off, or on for some."""

import asyncio
from typing import Annotated, Any

import typer
from rich.table import Table

from scripts.console import console, literally
from scripts.operating import ADMIN, given, operator

Name = Annotated[str, typer.Argument(help="Small letters, digits and hyphens.")]

flags = typer.Typer(no_args_is_help=True, help="Switch features on, off, or on for some.")


@flags.command("list")
def list_flags() -> None:
    """Show the flags that are set. Of any other the code's default holds."""
    asyncio.run(_list())


@flags.command("set")
def set_flag(
    name: Name,
    on: Annotated[
        bool | None, typer.Option("--on/--off", help="On for those chosen below, or off for all.")
    ] = None,
    percentage: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Of the users; each stays where they are as it grows."),
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Only for these: customer, support, admin. `any` for all.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> None:
    """Set a flag; what is not said of it stays as it is. A new one is on for everybody unless told otherwise."""
    roles = None if role is None else [one for one in role if one != "any"]
    wanted = {"enabled": on, "percentage": percentage, "roles": roles, "description": description}
    asyncio.run(_set(name, given(wanted)))


@flags.command()
def remove(name: Name) -> None:
    """Go back to the code's default."""
    asyncio.run(_remove(name))


async def _list() -> None:
    async with operator() as client:
        _print((await client.call("GET", f"{ADMIN}/flags"))["items"])


async def _set(name: str, wanted: dict[str, Any]) -> None:
    async with operator() as client:
        items = (await client.call("GET", f"{ADMIN}/flags"))["items"]
        known = next((one for one in items if one["name"] == name), {"version": 0})
        kept = {
            field: known.get(field) for field in ("enabled", "percentage", "roles", "description", "version")
        }
        _print([await client.call("PUT", f"{ADMIN}/flags/{name}", {**given(kept), **wanted})])


async def _remove(name: str) -> None:
    async with operator() as client:
        await client.call("DELETE", f"{ADMIN}/flags/{name}")
    console.print(f"[green]✓[/green] {literally(name)} is as the code has it")


def _print(items: list[Any]) -> None:
    if not items:
        console.print("There are none.")
        return
    table = Table("flag", "on for", "", box=None, pad_edge=False, header_style="bold")
    for one in items:
        about = f"[red]{literally(one['problem'])}[/red]" if one["problem"] else literally(one["description"])
        table.add_row(literally(one["name"]), _audience(one), about)
    console.print(table)


def _audience(flag: Any) -> str:
    if flag["problem"]:
        return "[red]unreadable[/red]"
    if not flag["enabled"]:
        return "nobody"
    who = " and ".join(flag["roles"]) or "everybody"
    return who if flag["percentage"] == 100 else f"{flag['percentage']:g} % of {who}"
