"""Connections, by the event loop that processes run on."""

import asyncio
import socket
from contextlib import ExitStack

import uvloop
from aiohttp import ClientSession, web

from services.chassis.app import make_runner
from services.chassis.listening import listening

WAITING = 200


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _taken_together() -> int:
    """In how many rounds of the loop so many connections are taken that wait already."""
    app = web.Application()
    app.add_routes([web.get("/", hello)])
    runner = make_runner(app, 1.0)
    await runner.setup()
    assert runner.server is not None
    rounds = 0
    with ExitStack() as clients:
        async with listening(runner.server, "127.0.0.1", 0) as port:
            for _ in range(WAITING):
                clients.enter_context(socket.create_connection(("127.0.0.1", port)))
            while len(runner.server.connections) < WAITING:
                await asyncio.sleep(0)
                rounds += 1
            async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}/") as response:
                assert await response.text() == "hello"
    with socket.socket() as late:
        assert late.connect_ex(("127.0.0.1", port)) != 0
    await runner.cleanup()
    return rounds


def test_all_that_wait_are_taken_together() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(_taken_together()) < 20
