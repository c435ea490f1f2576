"""Running a program to its end, with its complaint as the reason when it fails."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.native.part import FetchFailed


def run(
    *command: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None, seconds: float
) -> str:
    """What a program prints. Raises FetchFailed when it fails or takes longer than so many seconds."""
    try:
        ended = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise FetchFailed(f"{command[0]} took more than {seconds:g} s") from None
    if ended.returncode:
        said = ended.stderr.strip() or ended.stdout.strip() or f"exit code {ended.returncode}"
        raise FetchFailed(f"{command[0]}: {said}")
    return ended.stdout
