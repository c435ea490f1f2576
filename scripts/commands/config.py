"""`portico config`: what can be changed while the platform runs."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from scripts.console import console, literally
from scripts.operating import ADMIN, operator

SectionName = Annotated[
    str, typer.Argument(metavar="SECTION", help="Such as limits; `portico config list` has all.")
]
Paths = Annotated[list[str], typer.Argument(metavar="PATH…", help="Such as user.requests.")]
Assignments = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH=VALUE…", help="Such as user.requests=1200; the value is JSON, or else text as it is."
    ),
]

config = typer.Typer(no_args_is_help=True, help="Change the configuration of the running platform.")


@config.command("list")
def list_sections() -> None:
    """Show the sections there are, and what is set in them."""
    asyncio.run(_list())


@config.command()
def show(section: SectionName) -> None:
    """Show what is in force in a section, and where that is not the default."""
    asyncio.run(_show(section))


@config.command("set")
def set_values(section: SectionName, assignments: Assignments) -> None:
    """Set some values in place of their defaults. Every process takes them over at once."""
    wanted = [_assignment(text) for text in assignments]
    asyncio.run(_change(section, wanted))


@config.command()
def unset(section: SectionName, paths: Paths) -> None:
    """Go back to the defaults of some values."""
    asyncio.run(_change(section, [(path,) for path in paths]))


@config.command()
def reset(section: SectionName) -> None:
    """Go back to the defaults of a whole section."""
    asyncio.run(_reset(section))


async def _list() -> None:
    async with operator() as client:
        sections = (await client.call("GET", f"{ADMIN}/config"))["items"]
    table = Table("section", "what", "set", "", box=None, pad_edge=False, header_style="bold")
    for one in sections:
        changed = ", ".join(path for path, _ in _leaves(one["overrides"]))
        problem = f"[red]refused: {literally(one['problem'])}[/red]" if one["problem"] else ""
        table.add_row(one["name"], one["description"].partition("\n")[0], literally(changed), problem)
    console.print(table)


async def _show(section: str) -> None:
    async with operator() as client:
        _print(await client.call("GET", f"{ADMIN}/config/{section}"))


async def _change(section: str, changes: Sequence[tuple[str, *tuple[Any, ...]]]) -> None:
    """Each change is a path and its value, or a path alone, for the default."""
    async with operator() as client:
        found = await client.call("GET", f"{ADMIN}/config/{section}")
        overrides = found["overrides"] if isinstance(found["overrides"], dict) else {}
        for path, *value in changes:
            overrides = changed(overrides, path.split("."), *value)
        body = {"overrides": overrides, "version": found["version"]}
        _print(await client.call("PUT", f"{ADMIN}/config/{section}", body))


async def _reset(section: str) -> None:
    async with operator() as client:
        _print(await client.call("PUT", f"{ADMIN}/config/{section}", {"overrides": {}}))


def _print(section: Any) -> None:
    defaults = dict(_leaves(section["defaults"]))
    table = Table(section["name"], "in force", "default", box=None, pad_edge=False, header_style="bold")
    for path, value in _leaves(section["effective"]):
        usual = defaults.get(path)
        shown = "" if value == usual else literally(_text(usual)) if path in defaults else "none"
        table.add_row(literally(path), literally(_text(value)), shown)
    console.print(table)
    if section["problem"]:
        console.print(f"[red]✗[/red] what is set is refused: {literally(section['problem'])}", soft_wrap=True)


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its dotted path."""
    if not isinstance(tree, dict) or (path and not tree):
        yield path, tree
        return
    for name, branch in tree.items():
        yield from _leaves(branch, f"{path}.{name}" if path else name)


def changed(tree: dict[str, Any], path: Sequence[str], *value: Any) -> dict[str, Any]:
    """`tree` with a value at a path; with none there, it is taken away together with what is empty then."""
    name, *rest = path
    kept = {other: branch for other, branch in tree.items() if other != name}
    if not rest:
        return {**kept, **({name: value[0]} if value else {})}
    branch = tree.get(name)
    below = changed(branch if isinstance(branch, dict) else {}, rest, *value)
    return {**kept, **({name: below} if below else {})}


def _assignment(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not all(path.split(".")):
        raise typer.BadParameter(f"{text!r} is not PATH=VALUE")
    try:
        return path, orjson.loads(value)
    except orjson.JSONDecodeError:
        return path, value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
