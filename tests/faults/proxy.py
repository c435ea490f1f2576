"""A TCP proxy that can ail: it delays what passes through it, cuts connections, or swallows what they carry."""

import asyncio
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from socket import SO_LINGER, SOL_SOCKET

LOOPBACK = "127.0.0.1"
_CHUNK = 64 * 1024
_RESET_WHEN_CLOSED = struct.pack("ii", 1, 0)


class Proxy:
    """Stands between clients and one listener at `target` on the loopback interface.

    `delay` is the number of seconds that everything takes on its way, in each direction.
    """

    def __init__(self, target: int) -> None:
        self.delay = 0.0
        self._target = target
        self._cut = False
        self._swallowing = False
        self._links: set[_Link] = set()

    @property
    def links(self) -> int:
        """How many connections there are, half-open ones included."""
        return len(self._links)

    def cut(self) -> None:
        """Reset every connection, and each new one, until `heal`."""
        self._cut = True
        self.reset()

    def half_open(self) -> None:
        """Swallow silently whatever any connection carries, also of new ones, until `heal`.

        A connection that lost something can never be whole again: it stays open and mute until its ends give it up,
        and neither hears when the other does.
        """
        self._swallowing = True
        for link in self._links:
            link.mute = True

    def heal(self) -> None:
        """Carry everything at once from now on."""
        self.delay, self._cut, self._swallowing = 0.0, False, False

    def reset(self) -> None:
        """Break every connection there is."""
        for link in self._links:
            link.reset()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry one client's connection until both its ends are closed."""
        link = _Link(self._swallowing, [writer])
        self._links.add(link)
        try:
            with suppress(OSError):
                if self._cut:
                    link.reset()
                elif link.mute:
                    await self._pump(link, reader, writer)
                else:
                    await self._connect(link, reader, writer)
        finally:
            link.reset()
            self._links.discard(link)

    async def _connect(self, link: "_Link", reader: StreamReader, writer: StreamWriter) -> None:
        answers, server = await asyncio.open_connection(LOOPBACK, self._target)
        link.writers.append(server)
        await asyncio.gather(self._pump(link, reader, server), self._pump(link, answers, writer))

    async def _pump(self, link: "_Link", source: StreamReader, sink: StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if not link.mute:
                    sink.write(data)
                    await sink.drain()
        if not link.mute:
            sink.close()


class _Link:
    """One connection: the writers to its ends, and whether what it carries is swallowed."""

    def __init__(self, mute: bool, writers: list[StreamWriter]) -> None:
        self.mute = mute
        self.writers = writers

    def reset(self) -> None:
        """Close both ends at once, which they hear as a broken connection."""
        for writer in self.writers:
            if not writer.transport.is_closing():
                writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _RESET_WHEN_CLOSED)
                writer.transport.abort()


@asynccontextmanager
async def proxied(target: int) -> AsyncIterator[tuple[Proxy, int]]:
    """A proxy in front of a listener, and the free port where it listens itself."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, LOOPBACK, 0)
    try:
        yield proxy, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        proxy.reset()
