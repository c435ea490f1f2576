"""`python -m observability.grafana`: writes the dashboards as the files that Grafana reads."""

import json
from pathlib import Path

from observability.grafana.boards import dashboards

FILES = Path(__file__).parent / "dashboards"


def rendered() -> dict[Path, str]:
    """Every file and what it holds."""
    return {FILES / f"{name}.json": json.dumps(made, indent=1) + "\n" for name, made in dashboards().items()}


if __name__ == "__main__":
    for file, text in rendered().items():
        file.write_text(text)
