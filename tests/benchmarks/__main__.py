"""`python -m tests.benchmarks [NAME…] [--quick]`: run the benchmarks, and write what came of them."""

from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Iterable

from rich.table import Table

from scripts.console import console, plain_errors
from tests.benchmarks import accept, cached, composition, discovery, growth, live, saga, start, telemetry
from tests.benchmarks.ending import run
from tests.benchmarks.environment import environment
from tests.benchmarks.platform import LAYOUT
from tests.benchmarks.report import Goal, Report
from tests.benchmarks.results import write_results
from tests.benchmarks.rounds import FULL, QUICK, Effort

BENCHMARKS: dict[str, Callable[[Effort], Awaitable[Report]]] = {
    "accept": accept.run,
    "saga": saga.run,
    "discovery": discovery.run,
    "growth": growth.run,
    "live": live.run,
    "start": start.run,
    "composition": composition.run,
    "cached": cached.run,
    "telemetry": telemetry.run,
}


def main() -> None:
    """Run the named benchmarks, all without a name."""
    parser = ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is named {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    with plain_errors():
        run(_run_all(chosen.names or tuple(BENCHMARKS), QUICK if chosen.quick else FULL))


async def _run_all(names: tuple[str, ...], effort: Effort) -> None:
    effort.directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        console.rule(name)
        report = await BENCHMARKS[name](effort)
        report.write(environment(LAYOUT), effort.directory)
        write_results(tuple(BENCHMARKS), effort.directory)
        console.print(_goals(report.goals))


def _goals(goals: Iterable[Goal]) -> Table:
    table = Table("row", "what", "measured", "goal", "")
    for goal in goals:
        wanted = f"{'≥' if goal.at_least else '≤'} {goal.bound:g} {goal.unit}"
        mark = "[green]reached[/green]" if goal.reached else "[red]not reached[/red]"
        table.add_row(goal.row, goal.what, f"{goal.figure:.4g} {goal.unit}", wanted, mark)
    return table


if __name__ == "__main__":
    main()
