"""Flame graphs of the processes an order passes through, taken while orders arrive at a steady rate.

`python -m tests.benchmarks.profile` (`make profile`) writes one SVG for each process to docs/benchmarks/flames,
and prints where most of the time was spent.
"""

import asyncio
import html
import re
import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from scripts.console import console
from scripts.layout import CHECKOUT
from tests.benchmarks.ending import run
from tests.benchmarks.load import Steady, under
from tests.benchmarks.platform import running
from tests.benchmarks.shop import open_shop

FLAMES = CHECKOUT / "docs" / "benchmarks" / "flames"
PROFILED = ("gateway-1", "order-1", "inventory-1", "payment-1")
SPY = Path(sys.executable).parent / "py-spy"
SAMPLES_PER_SECOND = 100
WARM_UP_SECONDS = 5.0
TOP = 60
TITLE = re.compile(r'(<text id="title"[^>]*>)[^<]*')
FRAME = re.compile(r"<title>([^<]*) \([\d,]+ samples, ([\d.]+)%\)</title>")


async def main(processes: Sequence[str], rate: float, seconds: int) -> None:
    """Start a platform, load it with `rate` orders a second, and sample each process for the same `seconds`."""
    FLAMES.mkdir(parents=True, exist_ok=True)
    graphs = {name: FLAMES / f"{name.rpartition('-')[0]}.svg" for name in processes}
    async with running() as platform:
        orders = (await open_shop(platform)).orders(platform.layout.url("edge"))
        await under(orders, Steady(rate, WARM_UP_SECONDS))
        pids = platform.pids()
        load = asyncio.create_task(under(orders, Steady(rate, seconds)))
        await asyncio.gather(*(sample(pids[name], graph, seconds) for name, graph in graphs.items()))
        console.print(await load)
    for name, graph in graphs.items():
        entitle(graph, f"{name}, {rate:g} orders a second")
        console.print(busiest(name, graph))


async def sample(pid: int, graph: Path, seconds: int) -> None:
    """Write a flame graph of one process."""
    what = ("record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(SAMPLES_PER_SECOND))
    # Without stopping the process at each sample: what is measured must not be slowed down.
    how = ("--nonblocking", "--function", "--output", str(graph))
    child = await asyncio.create_subprocess_exec(SPY, *what, *how, stdout=asyncio.subprocess.DEVNULL)
    await child.wait()


def entitle(graph: Path, title: str) -> None:
    """Put a title in place of py-spy's, which is its command line with the paths of this machine."""
    graph.write_text(TITLE.sub(rf"\g<1>{html.escape(title)}", graph.read_text(), count=1))


def busiest(name: str, graph: Path) -> Table:
    """The functions that were most often on the stack, with the share of samples in which they were."""
    shares: defaultdict[str, float] = defaultdict(float)
    for function, percent in FRAME.findall(graph.read_text()):
        shares[html.unescape(function)] += float(percent)
    table = Table("%", "function", title=name)
    for function, share in sorted(shares.items(), key=lambda found: -found[1])[:TOP]:
        table.add_row(f"{share:.1f}", function)
    return table


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("processes", nargs="*", default=PROFILED)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=int, default=30)
    chosen = parser.parse_args()
    run(main(chosen.processes, chosen.rate, chosen.seconds))
