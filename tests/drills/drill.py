"""One drill: something is done to the platform, alerts fire, their pages are followed, it is undone, and it is over."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from scripts.console import console
from tests.drills.portico import portico
from tests.drills.stage import Stage
from tests.runbooks import commands, page

FIRE_SECONDS: Final = 80.0
OVER_SECONDS: Final = 120.0

Cause = Callable[[Stage], AbstractAsyncContextManager[None]]
"""Does something to the platform when it is entered, and what the page says against it at the end."""
Find = Callable[[Stage], Awaitable[str]]


@dataclass(frozen=True)
class Expected:
    """An alert with some of its labels.

    `instead` has what is put in place of a page's examples: the service of the alert, the id that a list shows.
    `lasts` is why nobody waits for its end.
    """

    alert: str
    labels: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str | Find] = field(default_factory=dict)
    lasts: str = ""


@dataclass(frozen=True)
class Drill:
    """What is done, in words and in deeds; what fires because of it, and what only fires when it is undone."""

    caused_by: str
    causes: Sequence[Cause]
    expected: Sequence[Expected]
    afterwards: Sequence[Expected] = ()

    @property
    def alerts(self) -> set[str]:
        """The names of all."""
        return {one.alert for one in (*self.expected, *self.afterwards)}


@dataclass
class Outcome:
    """What came of an alert. Seconds are from the cause, or from its end for `over`; None for what did not happen."""

    alert: str
    caused_by: str
    fired: float | None
    followed: list[str] = field(default_factory=list)
    over: float | None = None
    lasts: str = ""
    problems: list[str] = field(default_factory=list)


async def carry_out(drill: Drill, stage: Stage, endings: asyncio.TaskGroup) -> list[Outcome]:
    """Cause it, follow the pages, and undo it; that it ends is seen in `endings`, while others begin."""
    await _calm(drill, stage)
    console.rule(drill.caused_by)
    clock = asyncio.get_running_loop().time
    began = clock()
    async with AsyncExitStack() as stack:
        for cause in drill.causes:
            await stack.enter_async_context(cause(stage))
        during = await _followed(drill.caused_by, drill.expected, began, stage)
    undone = clock()
    for expected, outcome in zip(drill.expected, during, strict=True):
        endings.create_task(_end(expected, outcome, undone, stage))
    after = await _followed(f"the end of: {drill.caused_by}", drill.afterwards, undone, stage)
    for expected, outcome in zip(drill.afterwards, after, strict=True):
        endings.create_task(_end(expected, outcome, undone, stage))
    return [*during, *after]


async def _calm(drill: Drill, stage: Stage) -> None:
    """What fires still because of something else would prove nothing."""
    for one in (*drill.expected, *drill.afterwards):
        await stage.alerts.until(one.alert, one.labels, OVER_SECONDS, fires=False)


async def _followed(
    caused_by: str, expected: Sequence[Expected], began: float, stage: Stage
) -> list[Outcome]:
    until = stage.alerts.until
    moments = await asyncio.gather(
        *(until(one.alert, one.labels, FIRE_SECONDS, fires=True) for one in expected)
    )
    return [
        await _follow(one, Outcome(one.alert, caused_by, at and at - began, lasts=one.lasts), stage)
        for one, at in zip(expected, moments, strict=True)
    ]


async def _follow(expected: Expected, outcome: Outcome, stage: Stage) -> Outcome:
    """Type what its page says."""
    _tell(outcome.alert, "fired", outcome.fired)
    if outcome.fired is None:
        outcome.problems.append(f"it did not fire within {FIRE_SECONDS:g} s")
        return outcome
    for line in commands(page(expected.alert)):
        said = await portico(stage.layout, await _replaced(line, expected.instead, stage))
        outcome.followed.append(said.command)
        console.print(f"  {said.command} [red]{said.problem}[/red]")
        if said.problem:
            outcome.problems.append(f"`{said.command}`: {said.problem}")
    return outcome


async def _replaced(line: str, instead: Mapping[str, str | Find], stage: Stage) -> str:
    for example, meant in instead.items():
        if example in line:
            line = line.replace(example, meant if isinstance(meant, str) else await meant(stage))
    return line


async def _end(expected: Expected, outcome: Outcome, undone: float, stage: Stage) -> None:
    if expected.lasts or outcome.fired is None:
        return
    ended = await stage.alerts.until(expected.alert, expected.labels, OVER_SECONDS, fires=False)
    if ended is None:
        outcome.problems.append(f"it was not over after {OVER_SECONDS:g} s")
    else:
        outcome.over = ended - undone
    _tell(outcome.alert, "over", outcome.over)


def _tell(alert: str, what: str, seconds: float | None) -> None:
    console.print(f"{alert}: {what} {'never' if seconds is None else f'after {seconds:.1f} s'}")
