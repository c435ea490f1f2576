"""An application behind a port of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from services.chassis.app import make_runner


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[int]:
    """Serve on any free port of the loopback interface while the block runs; gives the port."""
    runner = make_runner(app, 1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
