"""`python -m tests.drills [ALERT…]`: cause alerts, follow their pages; all of them write `docs/runbooks/drills.md`."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from scripts.console import console, plain_errors
from tests.drills.catalogue import DRILLS, NOT_CAUSED
from tests.drills.drill import Drill, Outcome, carry_out
from tests.drills.report import document
from tests.drills.stage import stage
from tests.runbooks import DRILLS as PAGE


def main() -> None:
    """Carry out the drills of the named alerts, all without a name. Exit code 1 tells that something was wrong."""
    known = sorted({alert for drill in DRILLS for alert in drill.alerts})
    parser = ArgumentParser(prog="python -m tests.drills")
    parser.add_argument("alerts", nargs="*", metavar="ALERT", help=", ".join(known))
    chosen = set(parser.parse_args().alerts)
    if unknown := chosen - set(known):
        parser.error(f"no drill is about {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    drills = [drill for drill in DRILLS if not chosen or chosen & drill.alerts]
    with plain_errors():
        outcomes = asyncio.run(_carry_out(drills))
    problems = [f"{one.alert}: {problem}" for one in outcomes for problem in one.problems]
    for problem in problems:
        console.print(f"[red]✗[/red] {problem}", soft_wrap=True)
    if not chosen:
        PAGE.write_text(document(outcomes, NOT_CAUSED))
    sys.exit(bool(problems))


async def _carry_out(drills: Sequence[Drill]) -> list[Outcome]:
    async with stage() as ready, asyncio.TaskGroup() as endings:
        return [outcome for drill in drills for outcome in await carry_out(drill, ready, endings)]


if __name__ == "__main__":
    main()
