"""What a benchmark has done in another process, which is ended when nobody waits for it any more."""

import asyncio
import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class CommandFailed(RuntimeError):
    """The message is what the command said, or its status."""


async def output(command: Path, *arguments: str, environment: Mapping[str, str]) -> bytes:
    """What a command prints. Raises CommandFailed."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        command, *arguments, stdout=pipe, stderr=pipe, env=environment
    )
    try:
        said, complained = await child.communicate()
    except asyncio.CancelledError:
        child.terminate()
        await child.wait()
        raise
    if child.returncode:
        raise CommandFailed(f"{command.name}: {(said + complained).decode() or child.returncode}")
    return said


async def result(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function returns that this process has no time for. Raises what it raises."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return await asyncio.wrap_future(pool.submit(function, *args, **kwargs))
        except asyncio.CancelledError:
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise
