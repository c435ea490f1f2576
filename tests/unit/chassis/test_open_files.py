"""A process has as many connections as it may have."""

import subprocess
import sys

import pytest

from services.chassis.open_files import ENOUGH

ASK = """
import resource
from services.chassis.open_files import allow_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(allow_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard", "most"), [(256, 512, 512), (512, 512, 512), (256, 10_000, 10_000)])
def test_it_asks_for_all_it_may_have(soft: int, hard: int, most: int) -> None:
    told = subprocess.check_output([sys.executable, "-c", ASK.format(soft=soft, hard=hard)], text=True)
    assert most < ENOUGH
    assert told.split() == [f"{most}", f"{most}", f"{hard}"]
