"""docker-compose.yml as Docker Compose understands it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.compose.environment import PROFILES, render
from scripts.layout import CHECKOUT
from scripts.secrets import Credentials, Secrets

FILE = CHECKOUT / "docker-compose.yml"
Service = dict[str, Any]


@dataclass(frozen=True)
class Compose:
    """The program, and the variables that a platform fills the file in with."""

    program: Path
    variables: Path

    @classmethod
    def prepared(cls, program: Path, directory: Path) -> "Compose":
        """With secrets of its own."""
        variables = directory / "env"
        variables.write_text(render(Secrets(), Credentials()))
        return cls(program, variables)

    def config(self, *profiles: str, variables: Path | None = None) -> subprocess.CompletedProcess[str]:
        """What it makes of the file with these profiles."""
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        files = ["--file", str(FILE), "--env-file", str(variables or self.variables)]
        return subprocess.run(
            [str(self.program), *files, *chosen, "config", "--format", "json"],
            cwd=CHECKOUT,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def document(self, *profiles: str) -> dict[str, Any]:
        """The whole of it, with everything filled in and merged; all profiles unless some are named."""
        run = self.config(*(profiles or PROFILES))
        assert run.returncode == 0, run.stderr
        return dict(json.loads(run.stdout))


def is_task(service: Service) -> bool:
    """Whether it does something once and ends."""
    return str(service["restart"]).startswith("on-failure")
