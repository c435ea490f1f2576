"""The console's page, built from its sources with the packages that its lock file names."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scripts.layout import CHECKOUT, Layout
from scripts.native import node
from scripts.native.commands import run
from scripts.native.part import Part

SOURCES = CHECKOUT / "observability" / "collector" / "console" / "web"
STATIC = ("index.html", "icon.svg")
BUILD_SECONDS = 60.0


@dataclass(frozen=True)
class _Page:
    """One script, one style sheet, and what they are loaded by: nothing of Node is needed to serve them."""

    @property
    def pin(self) -> str:
        files = (
            path for path in sorted(SOURCES.rglob("*")) if path.is_file() and "node_modules" not in path.parts
        )
        return "\n".join(f"{path.relative_to(SOURCES)}\n{path.read_text()}" for path in files)

    def fetch(self, into: Path) -> None:
        """Install, bundle, and keep the bundle alone; raises FetchFailed."""
        native = into.parent.parent
        if node.PART.is_needed(native):
            node.PART.install(native)
        with tempfile.TemporaryDirectory(prefix="portico-console-") as scratch:
            work = Path(scratch) / "web"
            shutil.copytree(SOURCES, work, ignore=shutil.ignore_patterns("node_modules"))
            node.npm_ci(work, native)
            build(work, into, native)


def build(work: Path, into: Path, native: Path) -> None:
    """Bundle the sources in `work`, whose packages are installed, into a directory; raises FetchFailed."""
    esbuild = work / "node_modules" / "esbuild" / "bin" / "esbuild"
    options = (
        "--bundle",
        "--minify",
        "--target=es2022",
        "--log-level=warning",
        f"--outfile={into / 'console.js'}",
    )
    run(
        *("node", str(esbuild), str(work / "src" / "main.tsx"), *options),
        cwd=work,
        environment=node.node_environment(native),
        seconds=BUILD_SECONDS,
    )
    for name in STATIC:
        shutil.copy(work / name, into / name)


PART = Part("console", _Page())


def assets(layout: Layout) -> Path:
    """The directory of the built page."""
    return PART.directory(layout.native)
