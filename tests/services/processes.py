"""Services of ours as processes of their own: what can be killed, and what shares no memory with the test."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from services.chassis.settings import ProcessSettings
from tests.parts import PATIENCE


@dataclass(frozen=True)
class Process:
    """One running service."""

    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def running(settings: ProcessSettings, scratch: Path) -> AsyncIterator[Process]:
    """A process that serves with these settings, from when it is ready; it is stopped at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        address = scratch / f"{settings.instance}.sock"
        notifications.bind(str(address))
        notifications.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"services.{settings.service}"),
            env={**os.environ, **_environment(settings), "NOTIFY_SOCKET": str(address)},
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            await _ready(notifications)
            yield Process(process)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _ready(notifications: socket.socket) -> None:
    async with asyncio.timeout(PATIENCE):
        while b"READY=1" not in await asyncio.get_running_loop().sock_recv(notifications, 4096):
            pass


def _environment(settings: ProcessSettings) -> dict[str, str]:
    return {f"PORTICO_{name.upper()}": _text(value) for name, value in settings}


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else json.dumps(value)
