"""`portico saga`: where orders are, what happened to them in every service, and how to get them going again."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.table import Table

from scripts.console import console, literally
from scripts.operating import ADMIN, given, listed, operator

OrderId = Annotated[str, typer.Argument(help="The order's id.")]

saga = typer.Typer(no_args_is_help=True, help="Look at sagas, have them go on, or turn them back.")


@saga.command("list")
def list_sagas(
    stuck: Annotated[
        bool, typer.Option("--stuck", help="Only those that are later than they should be.")
    ] = False,
    phase: Annotated[str | None, typer.Option(help="Such as authorizing or compensating.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 50,
) -> None:
    """Show the sagas that are not over; the one that must be looked at first comes first."""
    asyncio.run(_list({"stuck": "true" if stuck else None, "phase": phase}, limit))


@saga.command()
def show(order_id: OrderId) -> None:
    """Show what happened to an order in every service that took part."""
    asyncio.run(_show(order_id))


@saga.command()
def resume(order_id: OrderId) -> None:
    """Ask again for what the saga waits for."""
    asyncio.run(_act(order_id, "resume", None))


@saga.command()
def compensate(
    order_id: OrderId,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the order's own stream.")],
) -> None:
    """Undo what was done for the order, and cancel it."""
    asyncio.run(_act(order_id, "compensation", {"reason": reason}))


async def _list(wanted: dict[str, Any], limit: int) -> None:
    async with operator() as client:
        sagas = await listed(client, "/sagas", wanted, limit)
    if not sagas:
        console.print("There are none.")
        return
    columns = ("order", "phase", "status", "placed", "to be looked at", "compensating since", "")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for one in sagas:
        times = (_time(one[name]) for name in ("created_at", "wake_at", "compensating_since"))
        note = "" if one["readable"] else "unreadable: `portico orders rebuild`"
        mark = "[red]stuck[/red]" if one["stuck"] else ""
        table.add_row(one["order_id"], one["phase"], one["status"], *times, f"{mark} {note}".strip())
    console.print(table)


async def _act(order_id: str, what: str, body: dict[str, Any] | None) -> None:
    async with operator() as client:
        answer = await client.call("POST", f"{ADMIN}/sagas/{order_id}/{what}", body, key=uuid4().hex)
    console.print(f"[green]✓[/green] {what} of {order_id}: {answer['status']}")


async def _show(order_id: str) -> None:
    async with operator() as client:
        page = await client.call("GET", f"{ADMIN}/sagas/{order_id}")
    for line in _position(page):
        console.print(line, soft_wrap=True)
    console.print(_timeline(sorted(_moments(page), key=lambda moment: moment.at)))
    if page["degraded"]:
        console.print(f"[yellow]missing for now: {', '.join(page['degraded'])}[/yellow]")


def _position(page: Any) -> Iterator[str]:
    found = page["saga"]
    yield f"Order [bold]{page['order_id']}[/bold]"
    if found is None or not found["readable"]:
        yield "  [red]its read model is missing or cannot be read: `portico orders rebuild` mends it[/red]"
    else:
        mark = " [red]stuck[/red]" if found["stuck"] else ""
        yield f"  order      {found['status']}, {found['phase']}{mark}{_details(found, 'reason', 'undo', 'wake_at')}"
    if held := page["reservation"]:
        lines = ", ".join(f"{line['sku']} ({line['quantity']})" for line in held["held"])
        yield literally(
            f"  inventory  {held['state']}: {lines or 'nothing held'}{_details(held, 'short', 'restocked')}"
        )
    if paid := page["payment"]:
        yield literally(
            f"  payment    {paid['status']}{_details(paid, 'owes', 'asking', 'timed_out', 'capture_failed')}"
        )


@dataclass(frozen=True)
class _Moment:
    at: datetime
    service: str
    what: str
    details: str


def _moments(page: Any) -> Iterator[_Moment]:
    """What is known to have happened, and when, in every service."""
    for event in page["events"]:
        told = event["details"]
        yield _Moment(_when(event["at"]), "order", event["type"], _details(told, *told))
    for step in (page["payment"] or {}).get("timeline", ()):
        yield _Moment(_when(step["at"]), "payment", step["status"], "")
    for letter in page["dead_letters"] or ():
        what = f"{letter['kind']} died in {letter['queue']}"
        details = f"{letter['reason']}, {letter['state']}: {letter['id']}"
        yield _Moment(_when(letter["died_at"]), letter["service"], what, details)


def _timeline(moments: Sequence[_Moment]) -> Table:
    table = Table("time", "after", "service", "what", "", box=None, pad_edge=False, header_style="bold")
    for moment in moments:
        time = moment.at.isoformat(" ", "milliseconds").removesuffix("+00:00")
        after = f"{(moment.at - moments[0].at).total_seconds():.3f} s"
        table.add_row(time, after, moment.service, literally(moment.what), literally(moment.details.strip()))
    return table


def _when(at: str | None) -> datetime:
    """A time, or long ago for an event that does not tell."""
    return datetime.fromisoformat(at) if at else datetime.fromtimestamp(0, UTC)


def _time(at: str | None) -> str:
    return at[:23].replace("T", " ") if at else ""


def _details(of: Any, *names: str) -> str:
    told = {name: of[name] for name in names if of[name]}
    return "".join(f" {name}={_brief(value)}" for name, value in told.items())


def _brief(value: Any) -> str:
    match value:
        case list():
            return ",".join(str(one) for one in value)
        case dict():
            return "(" + " ".join(f"{name}={inner}" for name, inner in given(value).items()) + ")"
        case _:
            return str(value)
