"""How a benchmark is ended early: by SIGTERM as by Ctrl-C, with everything stopped that it has started."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

TERMINATED = 128 + signal.SIGTERM
"""The status that shells have for it."""


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run this to its end, or until SIGTERM cancels it; then the process ends with TERMINATED."""
    try:
        asyncio.run(_until_told(main))
    except asyncio.CancelledError:
        sys.exit(TERMINATED)


async def _until_told(main: Coroutine[Any, Any, None]) -> None:
    task, loop = asyncio.create_task(main), asyncio.get_running_loop()

    def end() -> None:
        # Whoever has it told twice, as make does, does not break off the stopping.
        loop.add_signal_handler(signal.SIGTERM, lambda: None)
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    await task
