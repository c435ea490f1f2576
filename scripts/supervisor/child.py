"""An operating-system process with its output in a log file, ended together with all it forked."""

import asyncio
import contextlib
import io
import os
import signal
from asyncio.subprocess import DEVNULL, create_subprocess_exec
from asyncio.subprocess import Process as Child
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scripts.supervisor.logfile import LogFile, OutputProtocol
from scripts.supervisor.record import Record
from scripts.supervisor.spec import ProcessSpec

OUTPUT_SECONDS = 1.0


@asynccontextmanager
async def spawned(
    spec: ProcessSpec, log: LogFile, record: Record, notify_address: str
) -> AsyncIterator[Child]:
    """Run the process in a session of its own; on exit it and its whole group are gone."""
    async with _output(log) as output:
        child = await create_subprocess_exec(
            *spec.command,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            cwd=spec.directory,
            env=_environment(spec, notify_address),
            start_new_session=True,
        )
        output.close()
        record.add(child.pid)
        if spec.niceness:
            _step_back(child.pid, spec.niceness)
        log.note(f"started pid {child.pid}")
        try:
            yield child
        finally:
            await _end(child, spec.stop_seconds, log)
            record.remove(child.pid)


def kill_group(child: Child) -> None:
    """SIGKILL the process and all it forked."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _step_back(pid: int, niceness: int) -> None:
    """Raise the niceness of a whole group. Where Linux weighs sessions first (autogroup), that of its session too."""
    with contextlib.suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PGRP, pid, niceness)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))


def exit_text(code: int) -> str:
    """An exit code in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _environment(spec: ProcessSpec, notify_address: str) -> dict[str, str]:
    environment = {**os.environ, **spec.environment}
    # A supervisor above this one is told nothing by the processes below it.
    environment.pop("NOTIFY_SOCKET", None)
    return environment if spec.ready else {**environment, "NOTIFY_SOCKET": notify_address}


async def _end(child: Child, seconds: float, log: LogFile) -> None:
    try:
        if child.returncode is None:
            child.terminate()
            async with asyncio.timeout(seconds):
                await child.wait()
            log.note(f"stopped with {exit_text(child.returncode or 0)}")
    except TimeoutError:
        log.note(f"killed: did not stop within {seconds:g} s")
    finally:
        kill_group(child)
    await child.wait()


@asynccontextmanager
async def _output(log: LogFile) -> AsyncIterator[io.FileIO]:
    """The writing end of a pipe into the log.

    Not asyncio's own pipe: a process' end must not wait for a grandchild that still holds its output.
    """
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_read_pipe(
        lambda: OutputProtocol(log), os.fdopen(reading, "rb", buffering=0)
    )
    with io.FileIO(writing, "wb") as output:
        yield output
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(protocol.ended.wait(), OUTPUT_SECONDS)
    transport.close()
