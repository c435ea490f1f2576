"""One load on one system, with all that can be seen of it meanwhile."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.layout import CHECKOUT, Layout
from tests.benchmarks.broker import consumers
from tests.benchmarks.figures import Spread
from tests.benchmarks.load import How, Load, Outcome, under
from tests.benchmarks.usage import Meter, resident


@dataclass(frozen=True)
class Effort:
    """How much is done: so many rounds, each so much of its full length; and where the results go."""

    rounds: int
    share: float
    directory: Path

    def seconds(self, full: float) -> float:
        """How long a measurement takes that takes so long at full length."""
        return full * self.share


FULL = Effort(rounds=3, share=1.0, directory=CHECKOUT / "docs" / "benchmarks")
# What is taken in a hurry does not replace what was taken with care.
QUICK = Effort(rounds=1, share=0.25, directory=CHECKOUT / ".portico" / "quick-bench")


@dataclass(frozen=True)
class Round:
    """What came of a load on a system, the CPU seconds of each process meanwhile, and what was there before and after.

    Memory is resident MiB.
    """

    system: str
    how: How
    outcome: Outcome
    cpu: Mapping[str, float]
    memory_before: Mapping[str, float]
    memory_after: Mapping[str, float]
    consumers_before: int
    consumers_after: int


def spreads(
    rounds: Sequence[Round], systems: Iterable[str], how: type[How], figure: Callable[[Round], float]
) -> dict[str, Spread]:
    """One figure of each system, over its rounds with loads of this kind."""
    return {
        system: Spread.of(figure(it) for it in rounds if it.system == system and isinstance(it.how, how))
        for system in systems
    }


async def _at_once() -> None:
    """Nothing is waited for."""


async def measure(
    system: str,
    layout: Layout,
    pids: Mapping[str, int],
    load: Load,
    how: How,
    until: Callable[[], Awaitable[None]] = _at_once,
) -> Round:
    """Put a load on the system that consists of these processes.

    What they use is measured up to the time `until` has come, when what the load has set off is over.
    """
    memory, connected = resident(pids), await consumers(layout)
    meter = Meter(pids)
    outcome = await under(load, how)
    await until()
    return Round(
        system,
        how,
        outcome,
        meter.cpu_seconds(),
        memory,
        resident(pids),
        connected,
        await consumers(layout),
    )
