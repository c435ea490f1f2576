"""The `portico` command with a whole platform of its own: up, status, scale, crashes, down."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from scripts.layout import PORTS, Layout
from scripts.supervisor.ports import in_use
from tests.command import portico as run
from tests.parts import eventually

PORT_OFFSET = 5_000
MOST_RESIDENT = 2.5 * 1024**3
UP_SECONDS = 150

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Command:
    """The command, run for a platform with its own home and ports."""

    layout: Layout

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code and everything printed."""
        return await run(self.layout, *arguments)

    async def processes(self) -> dict[str, Mapping[str, Any]]:
        """What `status --json` says, by name of the process."""
        _, output = await self.run("status", "--json")
        return {process["name"]: process for process in json.loads(output)["processes"]}

    def supervisor(self) -> psutil.Process:
        """The background process of this home."""
        return next(process for process in psutil.process_iter() if self._is_supervisor(process))

    def _is_supervisor(self, process: psutil.Process) -> bool:
        try:
            own = process.environ().get("PORTICO_HOME") == str(self.layout.home)
            return own and process.cmdline()[-2:] == ["-m", "scripts.daemon"]
        except psutil.Error:
            return False


@pytest.fixture(scope="module")
async def portico() -> AsyncIterator[Command]:
    # Not pytest's directory: Unix sockets want a short one.
    with TemporaryDirectory(prefix="portico-") as home:
        command = Command(Layout(Path(home), PORT_OFFSET))
        yield command
        await command.run("down")


async def test_up_shows_an_order_completing_and_again_is_harmless(portico: Command) -> None:
    async with asyncio.timeout(UP_SECONDS):
        code, output = await portico.run("up")
    assert code == 0, output
    assert output.index("CREATED") < output.index("PAID") < output.index("CONFIRMED")
    assert portico.layout.url("edge") in output
    assert str(portico.layout.home / "credentials.json") in output
    before = {name: process["pid"] for name, process in (await portico.processes()).items()}
    code, output = await portico.run("up")
    assert code == 0, output
    assert "nothing was missing" in output
    assert before == {name: process["pid"] for name, process in (await portico.processes()).items()}


async def test_one_of_each_fits_in_the_memory_it_may_take(portico: Command) -> None:
    processes = (await portico.processes()).values()
    assert {process["state"] for process in processes} == {"ready"}
    assert sum(process["rss"] for process in processes) < MOST_RESIDENT


async def test_a_declined_payment_is_shown(portico: Command) -> None:
    code, output = await portico.run("order", "--token", "tok_decline")
    assert code == 0, output
    assert "CANCELLED (payment_declined)" in output


async def test_scales_a_service(portico: Command) -> None:
    code, output = await portico.run("scale", "inventory", "2")
    assert code == 0, output
    assert (await portico.processes())["inventory-2"]["state"] == "ready"
    await portico.run("scale", "inventory", "1")
    assert "inventory-2" not in await portico.processes()


async def test_a_killed_service_comes_back_and_is_reported(portico: Command) -> None:
    killed = (await portico.processes())["order-1"]["pid"]
    os.kill(killed, signal.SIGKILL)

    async def is_back() -> bool:
        order = (await portico.processes())["order-1"]
        return bool(order["state"] == "ready" and order["restarts"] == 1)

    await eventually(is_back)
    _, output = await portico.run("logs", "order", "-n", "500")
    assert "ended with signal SIGKILL" in output


async def test_after_a_killed_supervisor_down_leaves_nothing(portico: Command) -> None:
    left = [psutil.Process(process["pid"]) for process in (await portico.processes()).values()]
    portico.supervisor().kill()
    code, output = await portico.run("status")
    assert code == 1
    assert "not running" in output
    code, output = await portico.run("down")
    assert code == 0, output
    assert not [process for process in left if process.is_running()]
    assert not [name for name in PORTS if in_use(portico.layout.port(name))]
