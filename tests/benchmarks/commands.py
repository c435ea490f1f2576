"""Commands that a benchmark waits for."""

import asyncio
from collections.abc import Mapping
from pathlib import Path


class CommandFailed(RuntimeError):
    """The message is what the command said, or its status."""


async def output(command: Path, *arguments: str, environment: Mapping[str, str]) -> bytes:
    """What a command prints; it is ended when nobody waits for it any more. Raises CommandFailed."""
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
