"""`python -m observability.kibana`: writes the saved objects as the file that Kibana imports."""

import json
from pathlib import Path

from observability.kibana.objects import objects

FILE = Path(__file__).parent / "portico.ndjson"


def rendered() -> str:
    """The file: an object a line."""
    return "".join(json.dumps(one) + "\n" for one in objects())


if __name__ == "__main__":
    FILE.write_text(rendered())
