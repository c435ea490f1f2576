"""A benchmark that is told to end stops everything first."""

import signal
import sys
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import PIPE

from tests.benchmarks.ending import TERMINATED

BENCHMARK = """
import asyncio, sys, time
from pathlib import Path
from tests.benchmarks import outside
from tests.benchmarks.ending import run

async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(outside.result(time.sleep, 600))
            group.create_task(outside.output(Path("sleep"), "600", environment={}))
            await asyncio.to_thread(print, "running", flush=True)
    finally:
        print("stopping", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print("stopped", flush=True)

run(main())
"""


async def test_sigterm_stops_everything_however_often_it_comes() -> None:
    process = await create_subprocess_exec(sys.executable, "-c", BENCHMARK, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    async with timeout(30):
        for said in (b"running\n", b"stopping\n"):
            assert await process.stdout.readline() == said
            process.send_signal(signal.SIGTERM)
        said, _ = await process.communicate(b"\n")
    assert (said, process.returncode) == (b"stopped\n", TERMINATED)
