"""The table of what was done and what came of it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.faults.row import Row

HEADINGS: Final = (
    "fault",
    "moments",
    "in flight",
    "sagas",
    "accepted",
    "confirmed",
    "cancelled",
    "failed requests",
    "longest outage",
    "time to recover",
    "invariants",
)


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as a table of Markdown, with its columns aligned."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells
    ]
    rule = " | ".join("-" * width for width in widths)
    return [f"| {line} |" for line in (lines[0], rule, *lines[1:])]


def told(rows: Sequence[Row], seed: int) -> list[str]:
    """The table under its caption, which says how to do the same again, and every violation in words."""
    caption = f"Seed {seed}. Moments: seconds of traffic, how far into the next burst, and for how long."
    return [caption, "", *table(rows), "", *_violations(rows)]


def _violations(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for check, sentences in row.violations.items():
            yield from (f"{row.fault}: {check}: {sentence}" for sentence in sentences)


def write(rows: Sequence[Row], seed: int, directory: Path) -> None:
    """Keep the table as `faults.md` and `faults.json`."""
    (directory / "faults.md").write_text("\n".join(["# Faults", "", *told(rows, seed), ""]))
    (directory / "faults.json").write_text(json.dumps([asdict(row) for row in rows], indent=2))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.fault,
        " and ".join(row.moments),
        ", ".join(map(str, row.in_flight)),
        str(row.sagas),
        str(row.accepted),
        str(row.confirmed),
        str(row.cancelled),
        str(row.failed),
        f"{row.outage:.1f} s",
        f"{row.recovery:.1f} s",
        ", ".join(row.violations) or "ok",
    )
