"""The machine and the versions that figures were taken with."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from scripts.layout import CHECKOUT, Layout
from scripts.native.fetching import PARTS
from scripts.native.part import Part
from scripts.native.tools import version


def environment(layout: Layout) -> dict[str, Any]:
    """What a reader has to know to compare these figures with others."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{part.name: _version(part, layout.native) for part in PARTS if part.tool},
    }


def _version(part: Part, native: Path) -> str:
    found = part.find(native)
    if found is None or part.tool is None:
        return "not there"
    # Those that are not looked for on PATH cannot be asked: RabbitMQ would start.
    stated = version(found.path, part.tool.version_argument) if part.tool.commands else ()
    return ".".join(map(str, stated)) or "unknown"


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return run.stdout.strip()


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()
