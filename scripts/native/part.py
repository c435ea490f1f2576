"""A native part: a program (or a file) the platform needs that is no Python package."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scripts.lock import locked
from scripts.native.tools import Found, Tool, ToolMissing, installed


class FetchFailed(RuntimeError):
    """A part could not be fetched; the message says why and what can be done."""


class Source(Protocol):
    """Where a part comes from. `pin` changes when what would be fetched changes."""

    @property
    def pin(self) -> str: ...

    def fetch(self, into: Path) -> None:
        """Fetch, verify and unpack into an empty directory; raises FetchFailed."""


@dataclass(frozen=True)
class Part:
    """One part: its directory name, where it comes from and its executable, if it has one."""

    name: str
    source: Source
    tool: Tool | None = None

    def directory(self, native: Path) -> Path:
        return native / self.name

    def find(self, native: Path) -> Found | None:
        """The executable to run: one the machine has, else the fetched one."""
        if self.tool is None:
            return None
        if found := installed(self.tool):
            return found
        return (
            Found(self.directory(native) / self.tool.inside, "fetched") if self.is_fetched(native) else None
        )

    def executable(self, native: Path) -> Found:
        """The executable to run; raises ToolMissing."""
        found = self.find(native)
        if found is None:
            raise ToolMissing(f"{self.name} is not there: run `portico fetch`")
        return found

    def is_needed(self, native: Path) -> bool:
        """Whether it must be fetched before the platform can start."""
        return not self.is_fetched(native) and not (self.tool and installed(self.tool))

    def is_fetched(self, native: Path) -> bool:
        """Whether exactly what the source pins is unpacked."""
        pin = self.directory(native) / ".pin"
        return pin.exists() and pin.read_text() == self._pin

    def install(self, native: Path) -> None:
        """Fetch the part unless it is there; other processes wait meanwhile, none sees half of it."""
        with locked(native / f".{self.name}.lock", wait=True):
            if self.is_fetched(native):
                return
            with tempfile.TemporaryDirectory(dir=native, prefix=f".{self.name}-") as scratch:
                fresh = Path(scratch) / "fresh"
                fresh.mkdir()
                self.source.fetch(fresh)
                (fresh / ".pin").write_text(self._pin)
                self._replace(fresh, native, Path(scratch) / "old")

    @property
    def _pin(self) -> str:
        return hashlib.sha256(self.source.pin.encode()).hexdigest()

    def _replace(self, fresh: Path, native: Path, old: Path) -> None:
        target = self.directory(native)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
