"""The order service's read model, rebuilt by a process of its own."""

import asyncio
import getpass
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

from scripts.layout import CHECKOUT, Layout
from scripts.platform import service_environment

LINE_BYTES = 4 * 1024 * 1024


class RebuildFailed(RuntimeError):
    """The rebuilding process ended before it was done; the message has what it said last."""


async def rebuilt(layout: Layout, after: str) -> AsyncIterator[dict[str, Any]]:
    """What the rebuilding process tells, batch by batch. Raises RebuildFailed."""
    environment = {
        **os.environ,
        **service_environment(layout, "order"),
        "PORTICO_REBUILD_BY": f"{getpass.getuser()}@{socket.gethostname()}",
        "PORTICO_REBUILD_AFTER": after,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.order.rebuild"),
        cwd=CHECKOUT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
    )
    assert process.stdout and process.stderr
    said = asyncio.create_task(process.stderr.read())
    try:
        async for line in process.stdout:
            yield json.loads(line)
        await process.wait()
    finally:
        # A signal to a process that has just ended would take its exit code away.
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise RebuildFailed(f"rebuilding failed:\n{(await said).decode(errors='replace')[-2000:]}")
