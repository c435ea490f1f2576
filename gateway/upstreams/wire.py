"""HTTP/1.1 to the one neighbour that the gateway has, over connections that are kept.

All calls go to the Envoy beside it, which finds services, balances and retries. What a client for the whole web does
besides (redirects, cookies, proxies, names to look up) would take several times as long as the call itself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from httptools import HttpParserError, HttpResponseParser
from multidict import CIMultiDict

_CONNECT_SECONDS: Final = 1.0
_KEPT_SECONDS: Final = 15.0
"""Less than Envoy keeps one that nobody uses, so that it is not closed under a request."""
_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


class Broken(ConnectionError):
    """The connection ended before the answer did, or what came was no answer."""


class _Unanswered(Broken):
    """It ended before anything of the answer came."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """One connection, on which one request is under way at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reply: asyncio.Future[Reply] | None = None
        self._begun = False
        self.used_at = 0.0
        self.open = False

    async def ask(self, request: bytes) -> Reply:
        """The reply to a request. Raises Broken. Whoever stops waiting for it breaks the connection."""
        self._reply = self._loop.create_future()
        self._parser = HttpResponseParser(self)
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._body: list[bytes] = []
        self._begun = False
        self._transport.write(request)
        try:
            return await self._reply
        except BaseException:
            self.close()
            raise
        finally:
            self._reply = None
            self.used_at = self._loop.time()

    def close(self) -> None:
        """End it, whatever is under way."""
        self.open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        if self._reply is None or self._reply.done():
            # Nobody has asked for more: what comes now would be taken for the next answer.
            self.close()
            return
        self._begun = True
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(Broken(f"no HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._fail((Broken if self._begun else _Unanswered)(str(exc or "closed")))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._parser.get_status_code() < 200:
            # Not the answer yet.
            self._headers.clear()
            return
        if self._reply is None or self._reply.done():
            self.close()
            return
        self.open = self.open and self._parser.should_keep_alive()
        self._reply.set_result(Reply(self._parser.get_status_code(), self._headers, b"".join(self._body)))
        self._headers = CIMultiDict()

    def _fail(self, error: Broken) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)


Connect = Callable[[Callable[[], Connection]], Awaitable[tuple[asyncio.BaseTransport, Connection]]]
"""Opens a connection, such as `partial(loop.create_unix_connection, path=…)`."""


class Wire:
    """As many connections as there are requests at once. The one used last is used next, so that spare ones may end."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()

    async def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """The reply to one request. Raises Broken, OSError, and TimeoutError when there is no connection in time.

        A connection that was kept may have been closed meanwhile: what is repeatable is then sent on a new one.
        """
        request = written(method, target, headers, body)
        if kept := self._kept():
            try:
                return await self._ask(kept, request)
            except _Unanswered:
                if method not in _REPEATABLE:
                    raise
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, fresh = await self._connect(Connection)
        return await self._ask(fresh, request)

    def close(self) -> None:
        """End all connections."""
        for connection in tuple(self._all):
            connection.close()
        self._all.clear()
        self._idle.clear()

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
            self._forget(connection)
        return None

    async def _ask(self, connection: Connection, request: bytes) -> Reply:
        self._all.add(connection)
        try:
            return await connection.ask(request)
        finally:
            self._put_back(connection)

    def _put_back(self, connection: Connection) -> None:
        if connection.open:
            self._idle.append(connection)
        else:
            self._forget(connection)
        while self._idle and connection.used_at - self._idle[0].used_at > _KEPT_SECONDS:
            self._forget(self._idle.popleft())

    def _forget(self, connection: Connection) -> None:
        connection.close()
        self._all.discard(connection)


def written(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A request as it is sent. Raises ValueError for a header that would be more than one line."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None or method not in ("GET", "HEAD"):
        lines.append(f"Content-Length: {len(body or b'')}")
    head = "\r\n".join(lines)
    if head.count("\r") + 1 != len(lines) or head.count("\n") + 1 != len(lines):
        raise ValueError("a header has a line break in it")
    return head.encode("latin-1") + b"\r\n\r\n" + (body or b"")
