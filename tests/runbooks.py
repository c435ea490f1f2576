"""The alerts and their pages, as they are written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.layout import CHECKOUT
from scripts.native import prometheus

RULES: Final = prometheus.FILES / "rules"
RULE_FILES: Final = sorted(RULES.glob("*.yml"))
RUNBOOKS: Final = CHECKOUT / "docs" / "runbooks"
DRILLS: Final = RUNBOOKS / "drills.md"
"""Not about an alert, but how each page was followed."""


def rules() -> Iterator[dict[str, Any]]:
    """Every rule of every file."""
    for file in RULE_FILES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def alerts() -> dict[str, dict[str, Any]]:
    """Every alert's rule by its name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def pages() -> list[Path]:
    """Every alert's page."""
    return sorted(set(RUNBOOKS.glob("*.md")) - {DRILLS})


def page(alert: str) -> Path:
    """The page that an alert leads to."""
    return CHECKOUT / str(alerts()[alert]["annotations"]["runbook"])


def commands(path: Path) -> list[str]:
    """The command lines of a page in their order, without what is said of them."""
    return [
        line.removeprefix("$ ").partition("  #")[0].strip()
        for line in path.read_text().splitlines()
        if line.startswith("$ ")
    ]
