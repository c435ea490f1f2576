"""`portico dlq`: what the services could not handle, and what to do about it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

import typer
from rich.table import Table

from scripts.console import console, literally
from scripts.operating import ADMIN, ago, given, listed, operator
from scripts.storefront import Json, Storefront

LETTERS = "/dead-letters"
FILTERS = ("queue", "kind", "reason", "order_id", "older_than", "newer_than")
STATES = {"dead": "red", "replayed": "green", "discarded": "dim"}

Queue = Annotated[str | None, typer.Option(help="Where it died, such as order.saga.")]
Kind = Annotated[str | None, typer.Option(help="Such as payment.payment_captured.v1.")]
Reason = Annotated[str | None, typer.Option(help="incomprehensible, attempts_exhausted or unknown.")]
Order = Annotated[str | None, typer.Option(help="About this order.")]
Older = Annotated[str | None, typer.Option(parser=ago, metavar="AGE", help="Died before: 90s, 15m, 2h, 7d.")]
Newer = Annotated[str | None, typer.Option(parser=ago, metavar="AGE", help="Died since.")]
Ids = Annotated[list[str] | None, typer.Argument(help="As `portico dlq list` shows them.", metavar="ID...")]
All = Annotated[bool, typer.Option("--all", help="Every dead one that fits the filters.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

dlq = typer.Typer(no_args_is_help=True, help="Look at dead letters, bring them back, or discard them.")


@dlq.command("list")
def list_letters(
    queue: Queue = None,
    kind: Kind = None,
    reason: Reason = None,
    order: Order = None,
    older_than: Older = None,
    newer_than: Newer = None,
    state: Annotated[str, typer.Option(help="dead, replayed, discarded or any.")] = "dead",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 50,
) -> None:
    """Show dead letters, those that died last first."""
    wanted = _filter(queue, kind, reason, order, older_than, newer_than)
    asyncio.run(_list(wanted if state == "any" else {**wanted, "state": state}, limit))


@dlq.command()
def show(id: Annotated[str, typer.Argument(help="As `portico dlq list` shows it.")]) -> None:
    """Show one with its history, its headers, what it says, and what was done to it."""
    asyncio.run(_show(id))


@dlq.command()
def replay(
    ids: Ids = None,
    queue: Queue = None,
    kind: Kind = None,
    reason: Reason = None,
    order: Order = None,
    older_than: Older = None,
    newer_than: Newer = None,
    every: All = False,
    yes: Yes = False,
) -> None:
    """Bring dead letters back to the queues where they died: some by id, or all that fit."""
    wanted = _filter(queue, kind, reason, order, older_than, newer_than)
    asyncio.run(_change("replay", _chosen(ids, wanted, every), wanted, {}, yes))


@dlq.command()
def discard(
    note: Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")],
    ids: Ids = None,
    queue: Queue = None,
    kind: Kind = None,
    reason: Reason = None,
    order: Order = None,
    older_than: Older = None,
    newer_than: Newer = None,
    every: All = False,
    yes: Yes = False,
) -> None:
    """Lay dead letters to rest: some by id, or all that fit."""
    wanted = _filter(queue, kind, reason, order, older_than, newer_than)
    asyncio.run(_change("discard", _chosen(ids, wanted, every), wanted, {"note": note}, yes))


def _filter(*values: str | None) -> dict[str, str]:
    return given(dict(zip(FILTERS, values, strict=True)))


def _chosen(ids: list[str] | None, wanted: Json, every: bool) -> list[str]:
    """The ids, none of them for all that fit."""
    if bool(ids) == every:
        raise typer.BadParameter("name some by their ids, or say --all")
    if ids and wanted:
        raise typer.BadParameter("filters go with --all")
    return ids or []


async def _list(wanted: Json, limit: int) -> None:
    async with operator() as client:
        letters = await listed(client, LETTERS, wanted, limit)
    if not letters:
        console.print("There are none.")
        return
    console.print(_table(letters))
    if len(letters) == limit:
        console.print(f"[dim]These are the last {limit}; --limit shows more.[/dim]")


def _table(letters: Sequence[Json]) -> Table:
    columns = ("id", "died", "queue", "kind", "reason", "tries", "deaths", "state")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for letter in letters:
        state = letter["state"]
        table.add_row(
            letter["id"],
            letter["died_at"][:19],
            literally(letter["queue"]),
            literally(letter["kind"]),
            letter["reason"],
            str(letter["attempts"]),
            str(letter["deaths"]),
            f"[{STATES[state]}]{state}[/{STATES[state]}]",
        )
    return table


async def _show(id: str) -> None:
    async with operator() as client:
        letter = await client.call("GET", f"{ADMIN}{LETTERS}/{id}")
        entries = await listed(client, "/audit", {"subject": id}, 20)
    console.print(_table([letter]))
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name in ("message_id", "correlation_id", "traceparent", "order_id", "replays", "replayable", "size"):
        facts.add_row(f"[bold]{name}[/bold]", literally(letter[name]))
    console.print(facts)
    _section("history", letter["history"])
    _section("headers", [f"{name}: {value}" for name, value in letter["headers"].items()])
    _section("what it says", [_readable(letter)])
    _section("what was done", [_deed(entry) for entry in reversed(entries)])


def _section(title: str, lines: list[str]) -> None:
    if lines:
        console.print(f"\n[bold]{title}[/bold]")
        for line in lines:
            console.print(f"  {literally(line)}", soft_wrap=True)


def _readable(letter: Json) -> str:
    body = str(letter["body"])
    if letter["encoding"] != "utf-8":
        return f"({letter['encoding']}) {body}"
    try:
        return json.dumps(json.loads(body), indent=2).replace("\n", "\n  ")
    except ValueError:
        return body


def _deed(entry: Json) -> str:
    note = f" ({entry['details']['note']})" if "note" in entry["details"] else ""
    return f"{entry['at'][:19]} {entry['action']} by {entry['user_id']}: {entry['outcome']}{note}"


async def _change(action: str, ids: list[str], wanted: Json, more: Json, yes: bool) -> None:
    async with operator() as client:
        if ids:
            for id in ids:
                path = f"{ADMIN}{LETTERS}/{id}/{action}"
                letter = await client.call("POST", path, more or None, key=uuid4().hex)
                console.print(f"[green]✓[/green] {id} {letter['state']}")
        elif yes or await _agreed(client, action, wanted):
            changed = await _change_all(client, action, {**wanted, **more})
            console.print(f"[green]✓[/green] {action}: {changed} changed")


async def _agreed(client: Storefront, action: str, wanted: Json) -> bool:
    """Show what is meant, and ask."""
    letters = await listed(client, LETTERS, {**wanted, "state": "dead"}, 20)
    if not letters:
        return False
    console.print(_table(letters))
    more = " and whatever else fits" if len(letters) == 20 else ""
    return typer.confirm(f"{action} these{more}?")


async def _change_all(client: Storefront, action: str, wanted: Json) -> int:
    """Those that are dead now: what comes back meanwhile and dies again is not meant."""
    body = {"older_than": ago("0s"), **wanted}
    changed, more = 0, True
    with console.status(f"{action} …") as spinner:
        while more:
            answer = await client.call("POST", f"{ADMIN}{LETTERS}/{action}", body, key=uuid4().hex)
            changed, more = changed + answer["changed"], answer["more"]
            spinner.update(f"{action} … {changed}")
    return changed
