"""The same over HTTP/2: requests that are made to be misunderstood or to cost much."""

import asyncio

import pytest

from tests.discovery import frames
from tests.discovery.rig import Rig
from tests.discovery.traffic import PUBLIC, answered

GET = ((":method", "GET"), (":scheme", "http"), (":authority", "shop.example.com"), (":path", PUBLIC))


def with_(*fields: tuple[str, str]) -> bytes:
    """A good request over HTTP/2 with more fields."""
    return frames.sent((*GET, *fields))


def instead(name: str, *values: str) -> bytes:
    """A good request over HTTP/2, in which one pseudo-header has another value, or several, or none."""
    return frames.sent(
        [
            pair
            for field in GET
            for pair in ([(name, value) for value in values] if field[0] == name else [field])
        ]
    )


BROKEN = {
    "connection": with_(("connection", "close")),
    "transfer-encoding": with_(("transfer-encoding", "chunked")),
    "upgrade": with_(("upgrade", "websocket")),
    "keep-alive": with_(("keep-alive", "1")),
    "proxy-connection": with_(("proxy-connection", "close")),
    "te": with_(("te", "gzip")),
    "capitals": with_(("X-Upper", "1")),
    "an empty name": with_(("", "1")),
    "a colon in a name": with_(("x:y", "1")),
    "lines in a value": with_(("x-a", "b\r\nx-smuggled: c")),
    "a line feed in a value": with_(("x-a", "b\nc")),
    "a null in a value": with_(("x-a", "b\0c")),
    "lines in a name": with_(("x-a: b\r\nx-smuggled", "c")),
    "a pseudo-header behind others": frames.sent((*GET[:3], ("x-a", "b"), GET[3])),
    "an unknown pseudo-header": with_((":x", "1")),
    "a status": with_((":status", "200")),
    "two paths": instead(":path", PUBLIC, "/metrics"),
    "no path": instead(":path"),
    "an empty path": instead(":path", ""),
    "a version behind the path": instead(":path", f"{PUBLIC} HTTP/1.1"),
    "lines in the path": instead(":path", f"{PUBLIC} HTTP/1.1\r\nx-smuggled: c\r\n\r\n"),
    "a path from elsewhere": instead(":path", "http://elsewhere.example/api/x"),
    "two methods": instead(":method", "GET", "POST"),
    "lines in the method": instead(":method", "GET /api/smuggled HTTP/1.1\r\nx-a: "),
    "no method": instead(":method"),
    "no scheme": instead(":scheme"),
    "a user in the authority": instead(":authority", "a@b"),
    "lines in the authority": instead(":authority", "a\r\nx-smuggled: c"),
    "more than the length": frames.asked("POST", PUBLIC, ("content-length", "3"), body=b"hello"),
    "less than the length": frames.asked("POST", PUBLIC, ("content-length", "30"), body=b"hello"),
    "underscores": with_(("x_forwarded_for", "10.0.0.1")),
    "many headers": with_(*((f"x-{n}", "1") for n in range(101))),
    "a websocket": frames.sent(
        ((":method", "CONNECT"), (":protocol", "websocket"), *GET[1:3], (":path", "/api/v1/live"))
    ),
    "a stream of the server's": frames.sent(GET, stream=2),
    "a proxy": frames.sent(((":method", "CONNECT"), (":authority", "127.0.0.1:9901"))),
}


async def test_broken_requests_over_http2_end_their_streams_and_go_no_further(attacked: Rig) -> None:
    before = attacked.gateway.requests
    # Envoy takes a second to close a connection, so they go side by side.
    heard = await asyncio.gather(*(frames.heard(attacked.address, broken) for broken in BROKEN.values()))
    ended = {kind: found.given_up or 1 in found.resets for kind, found in zip(BROKEN, heard, strict=True)}
    assert ended == dict.fromkeys(BROKEN, True)
    assert attacked.gateway.requests == before


OVER_HTTP2 = {
    "another method": (frames.asked("FOO", PUBLIC), 405),
    "trace": (frames.asked("TRACE", PUBLIC), 405),
    "a detour": (frames.asked("GET", "/api/../metrics"), 404),
    "an escaped slash": (frames.asked("GET", "/api/%2fmetrics"), 400),
}


@pytest.mark.parametrize("kind", OVER_HTTP2)
async def test_what_is_refused_is_refused_over_http2_too(attacked: Rig, kind: str) -> None:
    data, status = OVER_HTTP2[kind]
    before = attacked.gateway.requests
    document = (await frames.heard(attacked.address, data)).document(1)
    assert document is not None
    assert document["status"] == status
    assert document["type"].startswith("urn:portico:problem:")
    assert attacked.gateway.requests == before


LAST = 5001


def rapid_resets() -> bytes:
    """Requests that are taken back as soon as they are made."""
    cancel = (8).to_bytes(4, "big")
    return b"".join(
        frames.sent(GET, stream=n) + frames.frame(frames.RST_STREAM, 0, n, cancel) for n in range(1, LAST, 2)
    )


def opened(*further: bytes) -> bytes:
    """A request that never ends."""
    return frames.frame(frames.HEADERS, 0, LAST, frames.block(GET)) + b"".join(further)


HEADERS_ENDED = frames.frame(frames.CONTINUATION, frames.END_HEADERS, LAST, b"")
FLOODS = {
    "resets": rapid_resets(),
    "settings": frames.frame(frames.SETTINGS, 0, 0, b"") * 20_000,
    "pings": frames.frame(frames.PING, 0, 0, bytes(8)) * 20_000,
    "headers": opened(frames.frame(frames.CONTINUATION, 0, LAST, frames.block((("x-a", "a" * 1000),))) * 200),
    "empty headers": opened(frames.frame(frames.CONTINUATION, 0, LAST, b"") * 2000),
    "empty data": opened(HEADERS_ENDED, frames.frame(frames.DATA, 0, LAST, b"") * 2000),
}


async def test_a_flood_costs_its_sender_the_stream_or_the_connection_and_nobody_else_anything(
    attacked: Rig,
) -> None:
    before = attacked.gateway.requests
    floods = [
        asyncio.create_task(frames.heard(attacked.address, flood, stream=LAST)) for flood in FLOODS.values()
    ]
    assert await answered(attacked.http, PUBLIC, "gw")
    ended = {kind: await flood for kind, flood in zip(FLOODS, floods, strict=True)}
    assert {kind: heard.given_up or LAST in heard.resets for kind, heard in ended.items()} == dict.fromkeys(
        FLOODS, True
    )
    assert attacked.gateway.requests - before < 100
