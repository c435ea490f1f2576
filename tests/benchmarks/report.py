"""What a benchmark leaves: figures as JSON, with where they come from, which goals they reach, and a plot."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
from matplotlib.figure import Figure


@dataclass(frozen=True)
class Goal:
    """What was wanted of a figure: at most `bound`, or at least."""

    row: str
    what: str
    figure: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def reached(self) -> bool:
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound


@dataclass(frozen=True)
class Report:
    """One benchmark: each round as it was measured, what they come to, and what was wanted."""

    name: str
    rounds: Any
    summary: Mapping[str, Any]
    goals: Sequence[Goal]
    plot: Figure

    def write(self, environment: Mapping[str, Any], directory: Path) -> None:
        """Write <name>.json and <name>.svg."""
        document = {
            "name": self.name,
            "environment": environment,
            "goals": [asdict(goal) | {"reached": goal.reached} for goal in self.goals],
            "summary": self.summary,
            "rounds": self.rounds,
        }
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        (directory / f"{self.name}.json").write_bytes(text)
        self.plot.savefig(directory / f"{self.name}.svg", metadata={"Date": None})
