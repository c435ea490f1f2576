"""How the plots look."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from tests.benchmarks.figures import Spread

WIDTH, HEIGHT = 4.6, 3.6
style.use(Path(__file__).with_name("portico.mplstyle"))


def canvas(title: str, columns: int) -> tuple[Figure, Sequence[Axes]]:
    """A figure, and axes side by side to draw on."""
    figure = Figure(figsize=(WIDTH * columns, HEIGHT), layout="constrained")
    figure.suptitle(title, fontweight="bold")
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def bars(axes: Axes, title: str, unit: str, figures: Mapping[str, Spread]) -> None:
    """One bar for each figure: its median, with a line from the least to the most."""
    for position, (name, spread) in enumerate(figures.items()):
        axes.bar(name, spread.median, color=f"C{position}", yerr=reach([spread]), capsize=4, width=0.6)
        label(axes, f"{spread.median:,.4g}", position, spread.most)
    axes.set_title(title)
    axes.set_ylabel(unit)
    axes.margins(y=0.15)


def steps(axes: Axes, title: str, unit: str, samples: Mapping[str, Sequence[float]]) -> None:
    """The share of samples that were at most so large."""
    for name, values in samples.items():
        axes.ecdf(values, label=name)
    axes.set(title=title, xlabel=unit, ylabel="share of the samples")
    axes.set_xlim(left=0)
    axes.legend(loc="lower right")


def reach(spreads: Sequence[Spread]) -> list[list[float]]:
    """How far the rounds lie below and above their medians, for error bars."""
    return [[it.median - it.least for it in spreads], [it.most - it.median for it in spreads]]


def plain_numbers(axis: Axis) -> None:
    """Label a logarithmic axis with numbers as people write them."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axis.set_minor_formatter(NullFormatter())


def label(axes: Axes, text: str, x: float, y: float) -> None:
    """A figure over what shows it."""
    axes.annotate(text, (x, y), (0, 4), textcoords="offset points", ha="center", fontsize="small")


def bound(axes: Axes, value: float, text: str) -> None:
    """A line at what was wanted."""
    axes.axhline(value, color="0.3", linestyle="--", linewidth=1)
    where = ("axes fraction", "data")
    axes.annotate(text, (1, value), (-2, 3), where, "offset points", ha="right", fontsize="small")
