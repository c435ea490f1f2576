"""Showing what came of load."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from scripts.commands.bars import listed
from scripts.console import console
from scripts.load.percentiles import Percentiles
from scripts.load.report import Report

MOST_SHOWN = 10


def show_report(report: Report) -> None:
    """Print how many orders went which way, and how long it took."""
    console.print(_orders(report))
    console.print()
    console.print(_latencies({"accepted after": report.accepting, "ended after": report.ending}))
    pace = report.pace
    console.print(
        f"\n{pace.sent:,} orders in {pace.seconds:.1f} s, {pace.rate:.1f} a second; "
        f"sending took {pace.cpu_seconds:.1f} s of CPU and was {1000 * pace.behind:.0f} ms late at most"
    )


def show_complaints(complaints: Sequence[str]) -> None:
    """Print what must not be in a run that went well."""
    for sentence in complaints:
        console.print(f"[red]✗[/red] {sentence}", soft_wrap=True)


def show_stock(sold: Mapping[str, int], wrong: Sequence[str]) -> None:
    """Print whether the stock is what it was, less what was sold."""
    if not wrong:
        console.print(f"[green]✓[/green] the stock matches: {sum(sold.values()):,} pieces sold")
        return
    console.print(f"[red]✗[/red] stock that does not match: {len(wrong)} products")
    for sentence in wrong[:MOST_SHOWN]:
        console.print(f"  {sentence}", soft_wrap=True)


def _orders(report: Report) -> Table:
    table = _table("orders", "", "")
    table.add_column()
    for name, count, of_accepted, why in (
        ("accepted", report.accepted, False, {}),
        ("confirmed", report.confirmed, True, {}),
        ("cancelled", sum(report.cancelled.values()), True, report.cancelled),
        ("unfinished", sum(report.unfinished.values()), True, report.unfinished),
        ("lost", report.lost, True, {}),
        ("refused", sum(report.refused.values()), False, report.refused),
        ("unknown", report.unknown, False, {}),
        ("attempts repeated", sum(report.repeated.values()), False, report.repeated),
    ):
        share = f"{count / report.accepted:.1%}" if of_accepted and report.accepted else ""
        table.add_row(name, f"{count:,}", share, listed(why))
    return table


def _latencies(named: Mapping[str, Percentiles]) -> Table:
    table = _table("milliseconds", "p50", "p95", "p99", "most")
    for name, latencies in named.items():
        seconds = (latencies.p50, latencies.p95, latencies.p99, latencies.most)
        table.add_row(name, *(f"{1000 * second:.0f}" for second in seconds))
    return table


def _table(name: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(name)
    for column in columns:
        table.add_column(column, justify="right")
    return table
