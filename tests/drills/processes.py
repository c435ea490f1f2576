"""Causes that are done to processes, and ended as the pages say."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from scripts.native import rabbitmq
from scripts.platform import load_secrets
from services.chassis.background import background
from tests.drills.portico import done
from tests.drills.stage import Stage

UP: Final = "portico up --no-sample"
_USUAL_ROOM: Final = ("absolute", "1GB")
_NO_ROOM: Final = ("absolute", "1MB")
_CONTROL_SECONDS: Final = 60


@asynccontextmanager
async def hung(stage: Stage, process: str) -> AsyncIterator[None]:
    """It does not answer any more; it is killed, and the supervisor starts it again."""
    os.killpg(stage.group(process), signal.SIGSTOP)
    try:
        yield
    finally:
        stage.supervisor.kill(process)
        await stage.supervisor.ready(process)


@dataclass(frozen=True)
class Stutter:
    """Seconds in which a process runs, and stands still."""

    runs: float
    stands: float


@asynccontextmanager
async def stuttering(stage: Stage, process: str, rhythm: Stutter) -> AsyncIterator[None]:
    """It stands still again and again."""
    group = stage.group(process)

    async def stutter() -> None:
        try:
            while True:
                os.killpg(group, signal.SIGSTOP)
                await asyncio.sleep(rhythm.stands)
                os.killpg(group, signal.SIGCONT)
                await asyncio.sleep(rhythm.runs)
        finally:
            os.killpg(group, signal.SIGCONT)

    async with background(f"stuttering of {process}", stutter):
        yield


@asynccontextmanager
async def stopped(stage: Stage, process: str) -> AsyncIterator[None]:
    """It is not there; `portico up` starts it."""
    await stage.supervisor.stop(process)
    try:
        yield
    finally:
        await done(stage.layout, UP)


@asynccontextmanager
async def scaled(stage: Stage, service: str, count: int) -> AsyncIterator[None]:
    """There are so many of it, and one again in the end."""
    await stage.supervisor.scale(service, count)
    try:
        yield
    finally:
        await stage.supervisor.scale(service, 1)


@asynccontextmanager
async def without_room(stage: Stage) -> AsyncIterator[None]:
    """RabbitMQ may use no memory, and takes nothing more."""
    await _watermark(stage, *_NO_ROOM)
    try:
        yield
    finally:
        await _watermark(stage, *_USUAL_ROOM)


async def _watermark(stage: Stage, *words: str) -> None:
    """Raises CalledProcessError."""
    program = rabbitmq.PART.executable(stage.layout.native).path.with_name("rabbitmqctl")
    broker = rabbitmq.process(stage.layout, load_secrets(stage.layout))
    await asyncio.to_thread(
        partial(subprocess.run, capture_output=True, check=True, timeout=_CONTROL_SECONDS),
        [str(program), "set_vm_memory_high_watermark", *words],
        env={**os.environ, **broker.environment},
    )
