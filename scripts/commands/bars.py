"""Progress bars, and counts in words."""

from collections.abc import Mapping

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.console import console

# Drawing is not to take what load is measured with.
REFRESHES = 2


def bars() -> Progress:
    """A place for bars; each has a description, and counts."""
    return Progress(
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        refresh_per_second=REFRESHES,
    )


def listed(counts: Mapping[str, int]) -> str:
    """Such as "3 apples, 2 pears"; empty where nothing was counted."""
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
