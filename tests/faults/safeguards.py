"""Whether the suite notices what it is there to notice: `python -m tests.faults.safeguards`.

For each safeguard the platform is run without it, under a fault that it guards against: an invariant must be broken.
"""

import json
import subprocess
import sys
from typing import Final

from scripts.layout import CHECKOUT

GUARDED: Final = {
    "inbox": "duplicate messages",
    "outbox": "restart rabbitmq",
    "release": "no fault",
    "void": "no fault",
}
"""The fault that shows what is missing without it."""
TABLE: Final = CHECKOUT / ".portico" / "faults" / "faults.json"
OPTIONS: Final = ("--baskets", "100", "--patience", "20", "-q", "--no-header", "--tb=no")
"""Enough orders that some of them have to be undone."""


def broken_without(safeguard: str) -> list[str]:
    """The invariants that the suite finds broken without it."""
    TABLE.unlink(missing_ok=True)
    test = f"tests/faults/test_faults.py::test_everything_comes_right_after[{GUARDED[safeguard]}]"
    command = (sys.executable, "-m", "pytest", test, "--without", safeguard, *OPTIONS)
    subprocess.run(command, cwd=CHECKOUT, check=False)
    (row,) = json.loads(TABLE.read_text())
    return list(row["violations"])


def main() -> None:
    """Try them all."""
    broken = {safeguard: broken_without(safeguard) for safeguard in GUARDED}
    for safeguard, checks in broken.items():
        print(f"without the {safeguard}: {', '.join(checks) or 'nothing was noticed'}")
    sys.exit(not all(broken.values()))


if __name__ == "__main__":
    main()
