"""The receiving end of the sd_notify protocol."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Listener = Callable[[str, str], None]


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def datagram_received(self, data: bytes, addr: object) -> None:
        for line in data.decode(errors="replace").splitlines():
            name, _, value = line.partition("=")
            self._listener(name, value)


@asynccontextmanager
async def notify_socket(listener: Listener) -> AsyncIterator[str]:
    """Open a socket for one process and yield its NOTIFY_SOCKET.

    `listener` gets each assignment, such as ("READY", "1") or ("STATUS", "waiting for mongodb").
    """
    # Abstract, so that nothing stays on disk after a kill; random, so that only that process knows it.
    name = f"portico-{secrets.token_hex(16)}"
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    receiver.setblocking(False)
    receiver.bind(f"\0{name}")
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(listener), sock=receiver)
    try:
        yield f"@{name}"
    finally:
        transport.close()
