"""results.md: every goal and what was measured, from the JSON of each benchmark."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

HEADER = """# Results

Written by `make bench` from the JSON files beside it. [README.md](README.md) says what was done and how to read it.
"""


def write_results(names: Sequence[str], directory: Path) -> None:
    """Write results.md, with those of the named benchmarks that were run at least once."""
    paths = [path for name in names if (path := directory / f"{name}.json").exists()]
    sections = [_section(orjson.loads(path.read_bytes())) for path in paths]
    (directory / "results.md").write_text("\n".join((HEADER, *sections)))


def _section(document: Mapping[str, Any]) -> str:
    name, taken = document["name"], document["environment"]
    lines = [
        f"## {name}",
        "",
        "| row | what | measured | goal | |",
        "| --- | --- | ---: | ---: | --- |",
        *(_row(goal) for goal in document["goals"]),
        "",
        f"Taken {taken['date']} at commit {taken['commit']}{' with changes' * taken['uncommitted_changes']}, on "
        f"{taken['cores']} cores ({taken['processor']}), {taken['memory_gib']} GiB. [All figures]({name}.json).",
        "",
        f"![{name}]({name}.svg)",
        "",
    ]
    return "\n".join(lines)


def _row(goal: Mapping[str, Any]) -> str:
    wanted = f"{'at least' if goal['at_least'] else 'at most'} {goal['bound']:,g} {goal['unit']}".rstrip()
    measured = f"{goal['figure']:,.4g} {goal['unit']}".rstrip()
    verdict = "reached" if goal["reached"] else "**not reached**"
    return f"| {goal['row']} | {goal['what']} | {measured} | {wanted} | {verdict} |"
