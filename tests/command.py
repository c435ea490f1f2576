"""The `portico` command, as an operator types it."""

import asyncio
import os
import sys

from scripts.layout import CHECKOUT, Layout


async def portico(layout: Layout, *arguments: str) -> tuple[int, str]:
    """Run the command for the platform of this layout; exit code and everything printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from scripts.cli import main; main()", *arguments),
        cwd=CHECKOUT,
        env={**os.environ, **layout.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()
