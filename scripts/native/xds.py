"""The descriptors of Envoy's configuration messages, for the control plane.

They are generated from the xds-protos wheel in a directory of its own: installed, it would overwrite
packages of OpenTelemetry and of Envoy.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scripts.layout import CHECKOUT, Layout
from scripts.native.part import FetchFailed, Part
from scripts.native.wheels import downloaded, requirement

DISTRIBUTION = "xds-protos"
GENERATOR = CHECKOUT / "discovery" / "control_plane" / "descriptors.py"
GENERATE_SECONDS = 120.0


@dataclass(frozen=True)
class _Descriptors:
    """A FileDescriptorSet made by the control plane's own generator, anew when that changes."""

    @property
    def pin(self) -> str:
        return requirement(DISTRIBUTION) + GENERATOR.read_text()

    def fetch(self, into: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="portico-xds-") as site:
            with downloaded(DISTRIBUTION) as archive:
                archive.extractall(site)
            _generate(site, into / "descriptors.binpb")


def _generate(site: str, output: Path) -> None:
    command = [sys.executable, "-m", "discovery.control_plane.descriptors", site, str(output)]
    run = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, timeout=GENERATE_SECONDS, check=False
    )
    if run.returncode:
        raise FetchFailed(f"descriptors could not be generated: {run.stderr.strip()}")


PART = Part("xds", _Descriptors())


def descriptors(layout: Layout) -> Path:
    """The generated file."""
    return PART.directory(layout.native) / "descriptors.binpb"
