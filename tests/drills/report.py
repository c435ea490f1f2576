"""What came of the drills, as a page for people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from tests.drills.drill import Outcome
from tests.drills.prometheus import FASTER, LEAST_WINDOW, STEP
from tests.runbooks import alerts

HEADINGS: Final = ("alert", "caused by", "fired after", "commands followed", "over after")


ABOUT: Final = """
# Drills

{caused} of the {all} alerts were caused on a running platform, and what their pages say was typed there, on {date}.
`make drills` does it again in 12 minutes and writes this page; `make drills ALERTS=BrokerAlarm` does one of them.

The platform is the one of `make up`, in `.portico/drills` and on ports of its own, with a few people in its shop. Its
Prometheus has the same rules with time taken out of them: it looks every {step}, there is no `for`, and windows are a
{faster}th of what they are ({least} s at least), so that alerts fire, and are over, within seconds. Thresholds are the
real ones. What time does to them is tried by promtool (`tests/deploy/alerts.py`), not here.

A command was followed when it ended with exit code 0 and said something; `portico status` also tells by 1 that
something is not ready. Examples in a page, such as an id, were replaced by what is meant. Seconds are counted from the
cause, and from its end; 0 s means that what the page says had ended the alert, or the cause, before.
"""


def document(outcomes: Sequence[Outcome], not_caused: Mapping[str, str]) -> str:
    """All of it in Markdown."""
    about = ABOUT.format(
        caused=len({outcome.alert for outcome in outcomes}),
        all=len(alerts()),
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        step=STEP,
        faster=FASTER,
        least=LEAST_WINDOW,
    )
    wrong = (f"- **{one.alert}**: {problem}" for one in outcomes for problem in one.problems)
    others = (f"- **{alert}**: {why}." for alert, why in not_caused.items())
    sections = {"What was wrong": [*wrong] or ["Nothing."], "What was not caused": [*others]}
    told = (line for title, lines in sections.items() for line in ("", f"## {title}", "", *lines))
    return "\n".join([about.lstrip(), *_table(outcomes), *told, ""])


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield f"| {' | '.join(HEADINGS)} |"
    yield f"| {' | '.join('---' for _ in HEADINGS)} |"
    for outcome in outcomes:
        yield f"| {' | '.join(_cells(outcome))} |"


def _cells(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.alert,
        outcome.caused_by,
        _seconds(outcome.fired),
        "<br>".join(f"`{command}`" for command in outcome.followed),
        outcome.lasts or _seconds(outcome.over),
    )


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f} s"
