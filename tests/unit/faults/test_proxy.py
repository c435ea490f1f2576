"""The proxy does to connections what its name for it says."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.faults.proxy import LOOPBACK, Proxy, proxied
from tests.parts import eventually

Connection = tuple[StreamReader, StreamWriter]


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[Proxy, int]]:
    """A server that gives back what it gets, behind a proxy."""

    async def give_back(reader: StreamReader, writer: StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(give_back, LOOPBACK, 0)
    async with server, proxied(server.sockets[0].getsockname()[1]) as behind:
        yield behind


async def said(connection: Connection, text: bytes, seconds: float = 2.0) -> bytes:
    """What comes back of a text."""
    reader, writer = connection
    writer.write(text)
    async with asyncio.timeout(seconds):
        return await reader.readexactly(len(text))


async def test_it_carries_everything_both_ways_until_one_end_closes() -> None:
    async with echo() as (proxy, port):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        text = b"x" * 1_000_000
        assert await said((reader, writer), text) == text
        writer.write_eof()
        assert await reader.read() == b""
        await eventually(lambda: proxy.links == 0)


async def test_it_delays_each_direction() -> None:
    async with echo() as (proxy, port):
        connection = await asyncio.open_connection(LOOPBACK, port)
        proxy.delay = 0.1
        started = asyncio.get_running_loop().time()
        assert await said(connection, b"slow") == b"slow"
        assert asyncio.get_running_loop().time() - started >= 0.2


async def test_it_resets_connections_until_it_is_healed() -> None:
    async with echo() as (proxy, port):
        connection = await asyncio.open_connection(LOOPBACK, port)
        assert await said(connection, b"well") == b"well"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            await connection[0].readexactly(1)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await said(await asyncio.open_connection(LOOPBACK, port), b"ill")
        proxy.heal()
        assert await said(await asyncio.open_connection(LOOPBACK, port), b"well") == b"well"


async def test_a_half_open_connection_stays_mute_for_good_and_new_ones_work_again() -> None:
    async with echo() as (proxy, port):
        old = await asyncio.open_connection(LOOPBACK, port)
        assert await said(old, b"well") == b"well"
        proxy.half_open()
        new = await asyncio.open_connection(LOOPBACK, port)
        for connection in (old, new):
            with pytest.raises(TimeoutError):
                await said(connection, b"lost", seconds=0.1)
        proxy.heal()
        with pytest.raises(TimeoutError):
            await said(old, b"lost", seconds=0.1)
        assert await said(await asyncio.open_connection(LOOPBACK, port), b"well") == b"well"


async def test_an_end_of_a_half_open_connection_does_not_hear_that_the_other_is_gone() -> None:
    heard = asyncio.Event()

    async def listen(reader: StreamReader, _writer: StreamWriter) -> None:
        with suppress(ConnectionResetError):
            await reader.read()
        heard.set()

    server = await asyncio.start_server(listen, LOOPBACK, 0)
    async with server, proxied(server.sockets[0].getsockname()[1]) as (proxy, port):
        _, writer = await asyncio.open_connection(LOOPBACK, port)
        await eventually(lambda: proxy.links == 1)
        proxy.half_open()
        writer.close()
        await writer.wait_closed()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await heard.wait()
        proxy.reset()
        await eventually(heard.is_set)
