"""HTTP/2 as frames, for requests that no client would send."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7, 0x9
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
_SECONDS = 10.0

Fields = Iterable[tuple[str, str]]


@dataclass
class Heard:
    """What came back on a connection: bodies and resets by stream, and whether it was given up."""

    bodies: dict[int, bytes] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    resets: dict[int, int] = field(default_factory=dict)
    given_up: bool = False

    def over(self, stream: int) -> bool:
        """Whether there is nothing more to be heard of a stream."""
        return self.given_up or stream in self.ended or stream in self.resets

    def document(self, stream: int) -> dict[str, Any] | None:
        """The body of an answer as JSON, None when there is no whole answer."""
        return orjson.loads(self.bodies[stream]) if stream in self.ended and self.bodies.get(stream) else None

    def take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """Take a frame in."""
        if kind == DATA:
            self.bodies[stream] = self.bodies.get(stream, b"") + payload
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.ended.add(stream)
        if kind == RST_STREAM:
            self.resets[stream] = int.from_bytes(payload, "big")
        if kind == GOAWAY:
            self.given_up = True


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def block(fields: Fields) -> bytes:
    """A header block of literals that nobody remembers (RFC 7541, 6.2.2), names and values as they are."""
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)


def asked(
    method: str, path: str, *fields: tuple[str, str], stream: int = 1, body: bytes | None = None
) -> bytes:
    """A whole request."""
    pseudo = ((":method", method), (":scheme", "http"), (":authority", "shop.example.com"), (":path", path))
    return sent((*pseudo, *fields), stream=stream, body=body)


def sent(fields: Fields, *, stream: int = 1, body: bytes | None = None) -> bytes:
    """The frames of a request with exactly these fields."""
    flags = END_HEADERS | (END_STREAM if body is None else 0)
    data = b"" if body is None else frame(DATA, END_STREAM, stream, body)
    return frame(HEADERS, flags, stream, block(fields)) + data


async def heard(address: str, frames: bytes, *, stream: int = 1) -> Heard:
    """What `host:port` says to these frames, until a stream is over."""
    host, _, port = address.rpartition(":")
    found = Heard()
    async with asyncio.timeout(_SECONDS):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(PREFACE + frame(SETTINGS, 0, 0, b"") + frame(SETTINGS, ACK, 0, b"") + frames)
            while not found.over(stream):
                found.take(*await _next(reader))
        except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError):
            found.given_up = True
        finally:
            writer.close()
    return found


async def _next(reader: asyncio.StreamReader) -> tuple[int, int, int, bytes]:
    head = await reader.readexactly(9)
    payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
    return head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF, payload


def _string(text: str) -> bytes:
    """A string literal without Huffman's code; its length is an integer with a prefix of 7 bits."""
    data = text.encode("latin-1")
    return _integer(len(data), 0x7F) + data


def _integer(value: int, most: int) -> bytes:
    if value < most:
        return bytes((value,))
    rest, found = value - most, bytearray((most,))
    while rest >= 128:
        found.append(rest % 128 + 128)
        rest //= 128
    found.append(rest)
    return bytes(found)
