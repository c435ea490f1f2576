"""What is written for Node, with the packages it uses: got as Portico's own native parts are."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from scripts.layout import CHECKOUT, Layout
from scripts.native import node
from scripts.native.fetching import fetch
from scripts.native.part import Part

PROTOTYPE = CHECKOUT / "tests" / "benchmarks" / "rival" / "prototype"


@dataclass(frozen=True)
class Project:
    """The sources of a program beside the packages that its lock file names."""

    sources: Path
    native: Path

    @property
    def pin(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.sources.glob("*.js*")))

    def fetch(self, into: Path) -> None:
        """Copy the sources and install the packages; raises FetchFailed."""
        shutil.copytree(self.sources, into, ignore=shutil.ignore_patterns("node_modules"), dirs_exist_ok=True)
        node.npm_ci(into, self.native)


async def fetch_prototype(layout: Layout) -> Path:
    """The directory of the prototype, ready to run. Raises FetchFailed."""
    return await fetch_project(layout, "prototype", PROTOTYPE)


async def fetch_project(layout: Layout, name: str, sources: Path) -> Path:
    """The directory of a program for Node, ready to run. Raises FetchFailed."""
    part = Part(name, Project(sources, layout.native))
    await fetch(layout.native, (node.PART,))
    await fetch(layout.native, (part,))
    return part.directory(layout.native)
