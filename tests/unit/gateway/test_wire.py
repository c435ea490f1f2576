"""Requests over kept connections, against real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from gateway.upstreams.wire import Broken, Wire, written
from tests.parts import eventually

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Seen: a\r\n\r\nhi"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """What came over which connection; `answer` says what is sent for each request."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.connections = 0
        self.open = 0
        self.heads: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def wired(answer: Answer) -> AsyncIterator[tuple[Server, Wire]]:
    server, loop = Server(answer), asyncio.get_running_loop()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    wire = Wire(partial(loop.create_connection, host=host, port=port))
    try:
        yield server, wire
    finally:
        wire.close()
        listening.close()


def saying(*answers: bytes) -> Answer:
    """Each request is answered with the next of these, the last again and again; an empty one ends the connection."""
    waiting = list(answers)

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if not said:
            raise ConnectionResetError
        writer.write(said)

    return answer


async def get(wire: Wire) -> bytes:
    return (await wire.exchange("GET", "/x", {"Host": "order"}, None)).body


async def test_a_connection_is_used_again() -> None:
    async with wired(saying(OK)) as (server, wire):
        for _ in range(3):
            reply = await wire.exchange("GET", "/x?y=1", {"Host": "order", "X-A": "b"}, None)
            assert (reply.status, reply.body, reply.headers["x-seen"]) == (200, b"hi", "a")
        assert server.connections == 1
        assert server.heads[0] == b"GET /x?y=1 HTTP/1.1\r\nHost: order\r\nX-A: b\r\n\r\n"


async def test_requests_at_once_have_connections_of_their_own() -> None:
    both = asyncio.Barrier(2)

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await both.wait()
        writer.write(OK)

    async with wired(answer) as (server, wire):
        assert list(await asyncio.gather(get(wire), get(wire))) == [b"hi", b"hi"]
        assert server.connections == 2


async def test_an_answer_may_come_in_pieces() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in (
            b"HTTP/1.1 200 OK\r\nTransfer-Enc",
            b"oding: chunked\r\n\r\n3\r\nab",
            b"c\r\n1\r\nd\r\n0\r\n\r\n",
        ):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    async with wired(answer) as (server, wire):
        assert [await get(wire), await get(wire)] == [b"abcd", b"abcd"]
        assert server.connections == 1


async def test_what_comes_before_the_answer_is_not_the_answer() -> None:
    async with wired(saying(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)) as (_, wire):
        reply = await wire.exchange("GET", "/x", {}, None)
        assert (reply.status, reply.body, "Link" in reply.headers) == (200, b"hi", False)


async def test_a_connection_that_is_to_be_closed_is_not_used_again() -> None:
    async with wired(saying(OK.replace(b"X-Seen: a", b"Connection: close"))) as (server, wire):
        assert [await get(wire), await get(wire)] == [b"hi", b"hi"]
        assert server.connections == 2


async def test_what_is_repeatable_is_sent_again_when_a_kept_connection_was_closed() -> None:
    async with wired(saying(OK, b"", OK)) as (server, wire):
        assert [await get(wire), await get(wire)] == [b"hi", b"hi"]
        assert server.connections == 2


async def test_what_is_not_repeatable_is_not() -> None:
    async with wired(saying(OK, b"", OK)) as (server, wire):
        await get(wire)
        with pytest.raises(Broken):
            await wire.exchange("POST", "/x", {}, b"")
        assert len(server.heads) == 2


async def test_a_new_connection_that_is_closed_is_not_tried_again() -> None:
    async with wired(saying(b"")) as (server, wire):
        with pytest.raises(Broken):
            await get(wire)
        assert server.connections == 1


async def test_half_an_answer_is_none() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK[:-1])
        await writer.drain()
        raise ConnectionResetError

    async with wired(answer) as (server, wire):
        with pytest.raises(Broken):
            await get(wire)
        assert server.connections == 1


async def test_what_is_no_http_breaks_the_connection() -> None:
    async with wired(saying(b"220 mail.example ESMTP\r\n", OK)) as (server, wire):
        with pytest.raises(Broken):
            await get(wire)
        assert await get(wire) == b"hi"
        assert server.connections == 2


async def test_an_answer_that_nobody_asked_for_breaks_the_connection() -> None:
    injected = OK.replace(b"hi", b"no").replace(b"X-Seen", b"X-Injected")
    async with wired(saying(OK + injected, OK)) as (server, wire):
        reply = await wire.exchange("GET", "/x", {}, None)
        assert (reply.body, "X-Injected" in reply.headers) == (b"hi", False)
        assert await get(wire) == b"hi"
        assert server.connections == 2


async def test_whoever_gives_up_leaves_no_answer_for_the_next() -> None:
    late = asyncio.Event()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await late.wait()
        writer.write(OK)

    async with wired(answer) as (server, wire):
        impatient = asyncio.create_task(get(wire))
        await eventually(lambda: server.heads)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        late.set()
        assert await get(wire) == b"hi"
        assert server.connections == 2


async def test_closing_ends_all_connections() -> None:
    async with wired(saying(OK)) as (server, wire):
        await asyncio.gather(get(wire), get(wire))
        wire.close()
        await eventually(lambda: server.open == 0)


async def test_nobody_listens() -> None:
    async with wired(saying(OK)) as (_, wire):
        pass
    with pytest.raises(OSError, match="Connect call failed"):
        await get(wire)


def test_a_body_has_its_length() -> None:
    assert (
        written("POST", "/x", {"A": "b"}, b"{}") == b"POST /x HTTP/1.1\r\nA: b\r\nContent-Length: 2\r\n\r\n{}"
    )
    assert written("POST", "/x", {}, None) == b"POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nHost: other", "a\nb", "a\rb"])
def test_a_header_is_one_line(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        written("GET", "/", {"X": value}, None)
