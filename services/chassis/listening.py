"""Taking connections: all that wait, each time the event loop comes round.

A server of uvloop's own takes one in each round. A loop that has much to do comes round seldom, and new connections
would wait for seconds, whoever they are from and whatever they bring.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

from services.chassis.background import background

_BACKLOG: Final = 1024
"""As many connections may wait as an Envoy opens to one process."""

Protocols = Callable[[], asyncio.Protocol]


@asynccontextmanager
async def listening(protocols: Protocols, host: str, port: int) -> AsyncIterator[int]:
    """Serve each connection to this address by a protocol of its own while inside; gives the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=_BACKLOG) as door:
        door.setblocking(False)
        async with background("connections", partial(_take, door, protocols)):
            yield door.getsockname()[1]


async def _take(door: socket.socket, protocols: Protocols) -> None:
    loop = asyncio.get_running_loop()
    opening: set[asyncio.Task[Any]] = set()
    while True:
        waiting = [await loop.sock_accept(door)]
        with suppress(OSError):
            while True:
                waiting.append(door.accept())
        for connection, _ in waiting:
            connection.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(protocols, connection))
            opening.add(task)
            task.add_done_callback(opening.discard)
