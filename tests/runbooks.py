"""The alerts and their pages, as they are written."""

from pathlib import Path
from typing import Any, Final

import yaml

from scripts.layout import CHECKOUT

RULES: Final = CHECKOUT / "observability" / "prometheus" / "rules"
RUNBOOKS: Final = CHECKOUT / "docs" / "runbooks"
DRILLS: Final = RUNBOOKS / "drills.md"
"""Not about an alert, but how each page was followed."""


def alerts() -> dict[str, dict[str, Any]]:
    """Every alert's rule by its name."""
    return {
        rule["alert"]: rule
        for file in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


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
