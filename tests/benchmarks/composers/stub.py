"""`python -m tests.benchmarks.composers.stub PORT MILLISECONDS`: all services, each answer so late.

It must never be what is measured: an answer is made once, found by the target of its request, and written at once.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import cast

import uvloop

from services.chassis.notify import notify
from tests.benchmarks.composers.documents import answers

END = b"\r\n\r\n"
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/%s\r\nContent-Length: %d\r\n\r\n"
PROBLEM = b'{"type":"urn:portico:problem:overloaded","detail":"there is too much to do","status":503}'
REFUSED = HEAD % (b"503 Service Unavailable", b"problem+json", len(PROBLEM)) + PROBLEM


class Stub(asyncio.Protocol):
    """One connection. Composers send the next request on it when the last one is answered, and none has a body."""

    def __init__(self, replies: Mapping[bytes, bytes], seconds: float) -> None:
        self._replies = replies
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(END):
            target = self._received.split(b" ", 2)[1]
            self._received = b""
            reply = self._replies.get(target, REFUSED)
            self._loop.call_later(self._seconds, self._transport.write, reply)


async def serve(port: int, seconds: float) -> None:
    """Answer until the process is ended."""
    replies = {target.encode(): _reply(body) for target, body in answers().items()}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Stub(replies, seconds), "127.0.0.1", port, backlog=1024)
    notify("READY=1")
    await server.serve_forever()


def _reply(body: bytes) -> bytes:
    return HEAD % (b"200 OK", b"json", len(body)) + body


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
