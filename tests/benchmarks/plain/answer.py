"""`python -m tests.benchmarks.plain.answer PORT FILE`: by aiohttp, and nothing else, what is in the file."""

import asyncio
import sys
from pathlib import Path

import uvloop
from aiohttp import web

from services.chassis.notify import notify


async def serve(port: int, body: bytes) -> None:
    """Answer until the process is ended."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.add_routes([web.get("/api/v1/products/{id}", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    notify("READY=1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
