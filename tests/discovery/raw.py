"""HTTP/1 as bytes, for requests that no client would send."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson

_SECONDS = 10.0


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = orjson.loads(self.body)
        return found


async def replies(address: str, sent: bytes) -> list[Reply]:
    """Everything that `host:port` says to these bytes until it closes. Nothing is sent after the first answer."""
    host, _, port = address.rpartition(":")
    async with asyncio.timeout(_SECONDS):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(sent)
            first = await _reply(reader)
            if first is None:
                return []
            writer.write_eof()
            heard = [first]
            while (further := await _reply(reader)) is not None:
                heard.append(further)
            return heard
        finally:
            writer.close()


async def _reply(reader: asyncio.StreamReader) -> Reply | None:
    """The next answer, None when there is no more."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Reply(int(head[0].split()[1]), headers, body)


def request(method: str, target: str, *headers: str, body: str = "", version: str = "HTTP/1.1") -> bytes:
    """A request line, these header lines, and the body as it is. The connection is to be closed after it."""
    lines = (
        f"{method} {target} {version}",
        "Host: shop.example.com",
        "Connection: close",
        *headers,
        "",
        body,
    )
    return "\r\n".join(lines).encode("latin-1")
