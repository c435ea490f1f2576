"""Commands and supervisor understand each other over their socket."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scripts.control import Control, NotRunning, ask, served
from scripts.supervisor import State, Supervisor
from tests.unit.scripts.processes import spec


async def test_starts_scales_and_stops_by_request(tmp_path: Path) -> None:
    order = spec("order", service="order", scalable=True).numbered(1)
    with TemporaryDirectory(prefix="portico-") as directory:
        socket = Path(directory) / "control.sock"
        async with Supervisor([order], logs=tmp_path, record=tmp_path / "processes.json") as supervisor:
            control = Control(supervisor)
            async with served(control, socket):
                *shown, last = [answer async for answer in ask(socket, command="start")]
                assert last == {"done": True}
                assert shown[-1]["processes"][0]["state"] == State.READY
                *shown, _ = [
                    answer async for answer in ask(socket, command="scale", service="order", count=2)
                ]
                assert [process["name"] for process in shown[-1]["processes"]] == ["order-1", "order-2"]
                [refusal] = [
                    a async for a in ask(socket, command="scale", service="auth", count=2) if "error" in a
                ]
                assert "cannot be scaled" in refusal["error"]
                [status] = [answer async for answer in ask(socket, command="status")]
                assert [process["pid"] for process in status["processes"]] == [
                    process["pid"] for process in shown[-1]["processes"]
                ]
                [refusal] = [answer async for answer in ask(socket, command="dance")]
                assert "not understood" in refusal["error"]
                assert [answer async for answer in ask(socket, command="stop")][-1] == {"done": True}
                await asyncio.wait_for(control.stopped.wait(), 5)


async def test_tells_new_instances_their_tags_and_checkout(tmp_path: Path) -> None:
    report = "tell('READY=1\\nSTATUS=' + os.environ['PORTICO_TAGS'] + ' in ' + os.getcwd())\nsignal.pause()\n"
    order = spec("order", report, service="order", scalable=True).numbered(1)
    with TemporaryDirectory(prefix="portico-") as directory:
        socket = Path(directory) / "control.sock"
        async with (
            Supervisor([order], logs=tmp_path, record=tmp_path / "processes.json") as supervisor,
            served(Control(supervisor), socket),
        ):
            await supervisor.scale("order", 0)
            asked = ask(
                socket, command="scale", service="order", count=1, tags=["canary"], checkout=directory
            )
            assert [answer async for answer in asked][-1] == {"done": True}
            await supervisor.changes.until(
                lambda: supervisor.states()["order-1"][1] == f'["canary"] in {directory}'
            )


async def test_says_so_when_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        [answer async for answer in ask(tmp_path / "control.sock", command="status")]
