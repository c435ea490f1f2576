"""The supervisor with real processes: order, readiness, restarts, clean stop, scaling."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from scripts.layout import CHECKOUT
from scripts.supervisor import ProcessSpec, StartFailed, State, Status, Supervisor, UnknownProcess
from scripts.supervisor.logfile import tail
from tests.unit.scripts.processes import SERVE, spec

Supervise = Callable[..., AbstractAsyncContextManager[Supervisor]]


@pytest.fixture
def supervise(tmp_path: Path) -> Supervise:
    """Supervises the given specs while entered."""

    @asynccontextmanager
    async def entered(*specs: ProcessSpec) -> AsyncIterator[Supervisor]:
        async with Supervisor(specs, logs=tmp_path, record=tmp_path / "processes.json") as supervisor:
            yield supervisor

    return entered


def find(supervisor: Supervisor, name: str) -> Status:
    return next(status for status in supervisor.status() if status.name == name)


async def test_starts_in_dependency_order_and_stops_in_reverse(supervise: Supervise, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    code = f"note = lambda word: open({str(journal)!r}, 'a').write(word + ' ')\n"

    def noting(name: str, *after: str) -> ProcessSpec:
        bye = f"signal.signal(signal.SIGTERM, lambda *_: (note('-{name}'), sys.exit()))\n"
        return spec(name, f"{code}{bye}note('+{name}')\n{SERVE}", after=after)

    async with supervise(
        noting("edge", "gateway"), noting("gateway", "store"), noting("store")
    ) as supervisor:
        await supervisor.start("edge")
        assert {status.state for status in supervisor.status()} == {State.READY}
    assert journal.read_text().split() == ["+store", "+gateway", "+edge", "-edge", "-gateway", "-store"]


async def test_shows_what_a_starting_process_waits_for(supervise: Supervise, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    code = f"tell('STATUS=waiting for the gate')\nopen({str(gate)!r}).read()\n{SERVE}"
    async with supervise(spec("slow", code)) as supervisor:
        starting = asyncio.create_task(supervisor.start())
        await supervisor.changes.until(lambda: find(supervisor, "slow").text == "waiting for the gate")
        assert find(supervisor, "slow").state is State.STARTING
        await asyncio.to_thread(gate.write_text, "open")
        await starting
        assert find(supervisor, "slow").state is State.READY


async def test_restarts_a_killed_process_and_counts_it(supervise: Supervise) -> None:
    async with supervise(spec("phoenix")) as supervisor:
        await supervisor.start()
        first = find(supervisor, "phoenix").pid
        supervisor.kill("phoenix")
        assert find(supervisor, "phoenix").state is State.RESTARTING
        await supervisor.changes.until(lambda: "SIGKILL" in find(supervisor, "phoenix").text)
        await supervisor.ready("phoenix")
        assert find(supervisor, "phoenix").restarts == 1
        assert find(supervisor, "phoenix").pid != first


async def test_gives_up_what_never_starts_and_says_why(supervise: Supervise, tmp_path: Path) -> None:
    broken = spec("broken", "print('no such database', flush=True); sys.exit(3)\n")
    async with supervise(broken, spec("dependant", after=("broken",))) as supervisor:
        with pytest.raises(StartFailed) as failed:
            await supervisor.start()
        assert failed.value.failures == {"broken": "ended with exit code 3 before it was ready"}
        assert find(supervisor, "dependant").state is State.WAITING
    assert tail(tmp_path / "broken.log", 50).count("no such database") == 3


async def test_starts_again_what_was_given_up(supervise: Supervise, tmp_path: Path) -> None:
    cause = tmp_path / "cause"
    cause.touch()
    code = f"if os.path.exists({str(cause)!r}): sys.exit(1)\n{SERVE}"
    async with supervise(spec("mended", code)) as supervisor:
        with pytest.raises(StartFailed):
            await supervisor.start()
        cause.unlink()
        await supervisor.start()
        assert find(supervisor, "mended").state is State.READY


async def test_names_who_has_the_port(supervise: Supervise) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        async with supervise(spec("edge", ports={"edge": port})) as supervisor:
            with pytest.raises(StartFailed, match=rf"port {port} \(edge\) is in use by .*pid {os.getpid()}"):
                await supervisor.start()


async def test_a_process_that_is_never_ready_is_ended(supervise: Supervise) -> None:
    async with supervise(spec("mute", "signal.pause()\n", start_seconds=0.2)) as supervisor:
        with pytest.raises(StartFailed, match=r"not ready within 0\.2 s \(it said nothing\)"):
            await supervisor.start()
        assert find(supervisor, "mute").pid is None


async def test_kills_what_does_not_stop_in_time(supervise: Supervise, tmp_path: Path) -> None:
    deaf = spec("deaf", f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SERVE}", stop_seconds=0.2)
    async with supervise(deaf) as supervisor:
        await supervisor.start()
        pid = find(supervisor, "deaf").pid
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert any("did not stop within 0.2 s" in line for line in tail(tmp_path / "deaf.log", 10))


async def test_ends_what_a_process_forked(supervise: Supervise) -> None:
    fork = "child = subprocess.Popen(['sleep', '600'])\ntell(f'STATUS={child.pid}')\n"
    async with supervise(spec("parent", fork + SERVE)) as supervisor:
        await supervisor.start()
        orphan = psutil.Process(int(find(supervisor, "parent").text))
    gone, _ = psutil.wait_procs([orphan], timeout=5)
    assert gone


async def test_has_who_only_watches_step_back_whatever_it_forks(supervise: Supervise) -> None:
    watcher = replace(spec("watcher", f"subprocess.Popen(['sleep', '60'])\n{SERVE}"), niceness=10)
    async with supervise(watcher, spec("worker")) as supervisor:
        await supervisor.start()
        pids = {name: find(supervisor, name).pid for name in ("watcher", "worker")}
        watching, working = (psutil.Process(pids[name]) for name in ("watcher", "worker"))
        assert [it.nice() for it in (watching, *watching.children())] == [10, 10]
        assert working.nice() == psutil.Process().nice()


async def test_scales_up_and_down(supervise: Supervise) -> None:
    order = spec("order", scalable=True, service="order").numbered(1)
    async with supervise(order, spec("gateway", after=("order",))) as supervisor:
        await supervisor.start()
        await supervisor.scale("order", 3)
        names = [status.name for status in supervisor.status() if status.state is State.READY]
        assert names == ["order-1", "gateway", "order-2", "order-3"]
        await supervisor.scale("order", 1)
        assert [status.name for status in supervisor.status()] == ["order-1", "gateway"]


async def test_new_instances_may_differ_and_the_others_stay_as_they_are(
    supervise: Supervise, tmp_path: Path
) -> None:
    told = "tell('READY=1\\nSTATUS=' + os.environ.get('COLOUR', 'plain') + ' in ' + os.getcwd())\nsignal.pause()\n"
    first = spec("order", told, scalable=True, service="order").numbered(1)
    async with supervise(first) as supervisor:
        await supervisor.start()
        await supervisor.scale("order", 2, {"COLOUR": "blue"}, tmp_path)
        await supervisor.changes.until(lambda: find(supervisor, "order-2").text == f"blue in {tmp_path}")
        assert find(supervisor, "order-1").text.startswith("plain in ")
        await supervisor.scale("order", 3)
        await supervisor.changes.until(lambda: find(supervisor, "order-3").text.startswith("plain in "))
        assert find(supervisor, "order-2").text == f"blue in {tmp_path}"


async def test_replaces_a_process_and_leaves_those_that_need_it_alone(supervise: Supervise) -> None:
    old, new = (spec("consul", f"tell('STATUS={text}')\n{SERVE}") for text in ("old", "new"))
    async with supervise(old, spec("order", after=("consul",))) as supervisor:
        await supervisor.start()
        dependant = find(supervisor, "order").pid
        await supervisor.replace(new)
        await supervisor.changes.until(lambda: find(supervisor, "consul").text == "new")
        assert [status.name for status in supervisor.status()] == ["consul", "order"]
        assert find(supervisor, "order").pid == dependant


async def test_refuses_to_scale_what_cannot_be(supervise: Supervise) -> None:
    async with supervise(spec("mongodb"), spec("order-1", service="order", scalable=True)) as supervisor:
        with pytest.raises(UnknownProcess, match="these can: order"):
            await supervisor.scale("mongodb", 2)
        with pytest.raises(ValueError, match="between 0 and 32"):
            await supervisor.scale("order", 33)


ABANDON = """
import asyncio, os, signal, sys
from pathlib import Path
from scripts.supervisor import Supervisor
from tests.unit.scripts.processes import spec

async def main():
    directory = Path(sys.argv[1])
    supervisor = Supervisor([spec("left")], logs=directory, record=directory / "processes.json")
    await supervisor.start()
    print(supervisor.status()[0].pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_the_next_supervisor_ends_what_a_killed_one_left(tmp_path: Path) -> None:
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ABANDON, str(tmp_path), cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await killed.communicate()
    left = psutil.Process(int(output))
    assert left.is_running()
    async with Supervisor([], logs=tmp_path, record=tmp_path / "processes.json"):
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


async def test_a_pid_given_to_another_process_is_left_alone(tmp_path: Path) -> None:
    record = tmp_path / "processes.json"
    innocent = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    record.write_text(f'{{"{innocent.pid}": 1.0}}')
    async with Supervisor([], logs=tmp_path, record=record):
        assert innocent.returncode is None
        assert psutil.pid_exists(innocent.pid)
    innocent.send_signal(signal.SIGKILL)
    await innocent.wait()
