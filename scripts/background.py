"""The background supervisor as the commands see it: started, found, gone."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from scripts.control import NotRunning, ask
from scripts.layout import CHECKOUT, Layout
from scripts.lock import Held, locked
from scripts.native.probes import until
from scripts.supervisor.logfile import tail

START_SECONDS = 30.0
# Leftovers of a killed supervisor are ended before the new one answers; RabbitMQ takes 6 s to stop.
END_SECONDS = 30.0
LOG_LINES = 10


class DaemonFailed(RuntimeError):
    """The background supervisor could not be started or ended; the message says why."""


async def is_running(layout: Layout) -> bool:
    """Whether a supervisor answers."""
    try:
        async for _ in ask(layout.control_socket, command="status"):
            return True
    except NotRunning:
        pass
    return False


async def launch(layout: Layout) -> None:
    """Start the supervisor and return once it answers. Raises DaemonFailed."""
    log = layout.logs / "supervisor.log"
    daemon = _spawn(layout, log)

    async def attempt() -> bool:
        return daemon.poll() is not None or await is_running(layout)

    try:
        async with asyncio.timeout(START_SECONDS):
            await until(attempt, NotRunning)
    except TimeoutError:
        daemon.terminate()
        raise DaemonFailed(f"the supervisor did not answer within {START_SECONDS:g} s; see {log}") from None
    if daemon.poll() is not None:
        raise DaemonFailed("\n  ".join(["the supervisor did not start:", *tail(log, LOG_LINES)]))


def _spawn(layout: Layout, log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.daemon"],
            cwd=CHECKOUT,
            env={**os.environ, "PORTICO_HOME": str(layout.home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


async def until_gone(layout: Layout) -> None:
    """Return once the supervisor has ended. Raises DaemonFailed."""

    async def attempt() -> bool:
        with locked(layout.supervisor_lock, wait=False):
            return True

    try:
        async with asyncio.timeout(END_SECONDS):
            await until(attempt, Held)
    except TimeoutError:
        raise DaemonFailed(f"the supervisor does not end; see {layout.logs / 'supervisor.log'}") from None
