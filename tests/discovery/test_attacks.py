"""Requests that are made to be misunderstood, to cost much, or to pass for somebody else's."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from discovery.control_plane.codec import Codec
from tests.discovery import frames
from tests.discovery.raw import Reply, replies, request
from tests.discovery.rig import Rig, rigged
from tests.discovery.traffic import answered
from tests.parts import eventually

PUBLIC = "/api/v1/products"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
async def rig(codec: Codec, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """An edge without patience."""
    home = tmp_path_factory.mktemp("attacked")
    async with rigged(codec, home, edge_header_seconds=0.5, edge_request_seconds=1.0) as rig:
        await eventually(lambda: answered(rig.http, PUBLIC, "gw"))
        yield rig


@dataclass(frozen=True)
class Outcome:
    """What a client heard, and how many requests the gateway did."""

    replies: list[Reply]
    reached: int

    @property
    def refusal(self) -> int:
        """The status of the one problem document that was heard; the gateway was not asked."""
        assert self.reached == 0
        (reply,) = self.replies
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["x-correlation-id"]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.document["status"] == reply.status
        assert reply.document["type"].startswith("urn:portico:problem:")
        return reply.status

    @property
    def arrived(self) -> dict[str, object]:
        """The one request that the gateway was asked, as it arrived."""
        assert self.reached == 1
        (reply,) = self.replies
        assert reply.status == 200
        return reply.document


async def said(rig: Rig, data: bytes) -> Outcome:
    """Send bytes and see what becomes of them."""
    before = rig.gateway.requests
    heard = await replies(rig.address, data)
    return Outcome(heard, rig.gateway.requests - before)


def post(*headers: str, body: str = "") -> bytes:
    """A POST with these headers, followed by a request that somebody hopes to get past the edge unseen."""
    head = (f"POST {PUBLIC} HTTP/1.1", "Host: shop.example.com", *headers, "", "")
    return (
        "\r\n".join(head) + body + "GET /api/smuggled HTTP/1.1\r\nHost: shop.example.com\r\n\r\n"
    ).encode()


CHUNKED = "Transfer-Encoding: chunked"
AMBIGUOUS = {
    "length and chunks": post("Content-Length: 4", CHUNKED, body="0\r\n\r\n"),
    "chunks and length": post(CHUNKED, "Content-Length: 4", body="0\r\n\r\n"),
    "two codings": post(CHUNKED, "Transfer-Encoding: identity", body="0\r\n\r\n"),
    "chunks of chunks": post("Transfer-Encoding: chunked, chunked", body="0\r\n\r\n"),
    "an unknown coding": post("Transfer-Encoding: xchunked", body="0\r\n\r\n"),
    "a coding that is not undone": post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n"),
    "a coding in quotes": post('Transfer-Encoding: "chunked"', body="0\r\n\r\n"),
    "a coding behind a control character": post("Transfer-Encoding: \x0bchunked", body="0\r\n\r\n"),
    "a coding on the next line": post(
        "Transfer-Encoding:", " chunked", "Content-Length: 3", body="0\r\n\r\n"
    ),
    "a space before the colon": post("Transfer-Encoding : chunked", body="0\r\n\r\n"),
    "two lengths": post("Content-Length: 0", "Content-Length: 52"),
    "a length twice": post("Content-Length: 0", "Content-Length: 0"),
    "a list of lengths": post("Content-Length: 0, 0"),
    "a length with a sign": post("Content-Length: +0"),
    "a negative length": post("Content-Length: -1"),
    "a hexadecimal length": post("Content-Length: 0x0"),
    "a length beyond numbers": post("Content-Length: 99999999999999999999"),
    "a chunk that is no number": post(CHUNKED, body="zz\r\nhello\r\n0\r\n\r\n"),
    "a negative chunk": post(CHUNKED, body="-5\r\nhello\r\n0\r\n\r\n"),
    "a line feed in a chunk's extension": post(CHUNKED, body="5;\nhello\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("kind", AMBIGUOUS)
async def test_a_body_whose_end_is_a_matter_of_opinion_is_refused(rig: Rig, kind: str) -> None:
    assert (await said(rig, AMBIGUOUS[kind])).refusal == 400


MALFORMED = {
    "a name without a colon": request("GET", PUBLIC, "nonsense"),
    "a header without a name": request("GET", PUBLIC, ": value"),
    "a space in a name": request("GET", PUBLIC, "x a: b"),
    "a null in a value": request("GET", PUBLIC, "x-a: b\0c"),
    "a header that begins with a space": f"GET {PUBLIC} HTTP/1.1\r\n x-a: b\r\nHost: a\r\n\r\n".encode(),
    "no host": f"GET {PUBLIC} HTTP/1.1\r\n\r\n".encode(),
    "two hosts": request("GET", PUBLIC, "Host: elsewhere.example"),
    "a user before the host": f"GET {PUBLIC} HTTP/1.1\r\nHost: a@b\r\n\r\n".encode(),
    "a path in the host": f"GET {PUBLIC} HTTP/1.1\r\nHost: a/b\r\n\r\n".encode(),
    "a target that is no path": request("GET", "api/v1/products"),
    "another scheme": request("GET", f"ftp://shop.example.com{PUBLIC}"),
    "a space in the target": request("GET", "/api/a b"),
    "no http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
}


@pytest.mark.parametrize("kind", MALFORMED)
async def test_what_is_not_well_formed_is_refused(rig: Rig, kind: str) -> None:
    assert (await said(rig, MALFORMED[kind])).refusal == 400


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0"])
async def test_another_version_is_refused(rig: Rig, version: str) -> None:
    assert (await said(rig, request("GET", PUBLIC, version=version))).refusal == 426


LENIENT = {
    "lines that end with a line feed": f"GET {PUBLIC} HTTP/1.1\nHost: a\nx-a: b\nConnection: close\n\n".encode(),
    "a value on two lines": request("GET", PUBLIC, "x-a: b", " x-smuggled: c"),
    "a carriage return in a value": request("GET", PUBLIC, "x-a: b\rx-smuggled: c"),
    "trailers": request("GET", PUBLIC, CHUNKED, body="0\r\nx-smuggled: c\r\n\r\n"),
}


@pytest.mark.parametrize("kind", LENIENT)
async def test_what_is_read_with_leniency_arrives_as_strict_readers_write_it(rig: Rig, kind: str) -> None:
    arrived = (await said(rig, LENIENT[kind])).arrived
    assert isinstance(arrived["headers"], dict)
    assert "x-smuggled" not in arrived["headers"]
    assert not any(set("\r\n") & set(value) for value in arrived["headers"].values())


NOT_FOUND = [
    "/api/../metrics",
    "/api/v1/../../metrics",
    "//metrics",
    "/./metrics",
    "/api/%2e%2e/metrics",
    "/api/.%2E/metrics",
    "/api/v1\\..\\..\\metrics",
    "/api/..;/metrics",
    "/api;/x",
    "/metrics;/api/",
    "/API/v1/products",
    "/docs/../metrics",
    "/docs../x",
    "/api/v1/orders/../../../metrics/events",
    "http://127.0.0.1:9901/stats",
]
REFUSED = [
    "/api/%2fmetrics",
    "/api/v1%2f..%2f..%2fmetrics",
    "/api/v1%5c..%5cmetrics",
    "/api/v1/orders/a%2fb/events",
    "/api/x%00y",
    "/api/x\0y",
    "/api/\xe9",
    "/api/x\ty",
    "/api/x#/metrics",
]
NORMALISED = {
    "/api//v1///products": PUBLIC,
    "/api/v1/x/../products": PUBLIC,
    "/api/v1/./products": PUBLIC,
    "/api/v1\\products": PUBLIC,
    f"http://elsewhere.example{PUBLIC}": PUBLIC,
    # Decoded once and no more: these are names, and climb nowhere.
    "/api/%252e%252e/metrics": "/api/%252e%252e/metrics",
    "/api/%c0%ae%c0%ae/metrics": "/api/%c0%ae%c0%ae/metrics",
    "/api/x;a=b": "/api/x;a=b",
}


@pytest.mark.parametrize("target", NOT_FOUND)
async def test_no_detour_leads_to_what_is_not_public(rig: Rig, target: str) -> None:
    assert (await said(rig, request("GET", target))).refusal == 404


@pytest.mark.parametrize("target", REFUSED)
async def test_a_target_that_hides_what_it_means_is_refused(rig: Rig, target: str) -> None:
    assert (await said(rig, request("GET", target))).refusal == 400


@pytest.mark.parametrize("target", NORMALISED)
async def test_a_target_arrives_as_it_was_judged(rig: Rig, target: str) -> None:
    assert (await said(rig, request("GET", target))).arrived["path"] == NORMALISED[target]


CLAIMS = {
    "forwarded": "for=10.0.0.1;proto=https",
    "x-forwarded-for": "10.0.0.1",
    "x-forwarded-host": "evil.example",
    "x-forwarded-port": "443",
    "x-forwarded-prefix": "/admin",
    "x-forwarded-proto": "https",
    "x-forwarded-scheme": "https",
    "x-real-ip": "10.0.0.1",
    "true-client-ip": "10.0.0.1",
    "x-original-url": "/admin",
    "x-rewrite-url": "/admin",
    "x-http-method-override": "DELETE",
    "x-host": "evil.example",
    "x-request-id": "mine",
    "x-trace-id": "mine",
    "x-envoy-external-address": "10.0.0.1",
    "x-envoy-internal": "true",
    "x-envoy-original-path": "/admin",
    "x-envoy-decorator-operation": "mine",
    "x-envoy-retry-on": "5xx",
    "x-envoy-hedge-on-per-try-timeout": "true",
    "x-envoy-anything": "mine",
    "x-portico-user-id": "admin",
    "x-portico-identity": "admin",
    "x-portico-internal-call": "1",
    "proxy": "http://evil.example",
    "expect": "anything",
}


@pytest.mark.parametrize("name", CLAIMS)
async def test_nothing_is_believed_that_a_client_says_about_itself(rig: Rig, name: str) -> None:
    arrived = (await said(rig, request("GET", PUBLIC, f"{name}: {CLAIMS[name]}"))).arrived
    assert isinstance(arrived["headers"], dict)
    assert CLAIMS[name] not in arrived["headers"].get(name, "")


@pytest.mark.parametrize("name", ["x_forwarded_for", "x_portico_user", "content_length", "x-portico_roles"])
async def test_a_name_that_others_take_for_another_is_refused(rig: Rig, name: str) -> None:
    assert (await said(rig, request("GET", PUBLIC, f"{name}: 1"))).refusal == 400


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "LOCK", "PURGE"])
async def test_a_method_of_no_use_here_is_refused(rig: Rig, method: str) -> None:
    outcome = await said(rig, request(method, PUBLIC))
    assert outcome.refusal == 405
    assert "GET" in outcome.replies[0].headers["allow"]


@pytest.mark.parametrize("method", ["FOO", "get", ""])
async def test_a_method_that_is_none_is_refused(rig: Rig, method: str) -> None:
    assert (await said(rig, request(method, PUBLIC))).refusal == 400


async def test_the_edge_is_nobodys_proxy(rig: Rig) -> None:
    connect = b"CONNECT 127.0.0.1:9901 HTTP/1.1\r\nHost: 127.0.0.1:9901\r\n\r\n"
    assert (await said(rig, connect)).refusal == 403


@pytest.mark.parametrize("protocol", ["websocket", "spdy"])
async def test_where_no_websocket_is_none_is_opened(rig: Rig, protocol: str) -> None:
    upgrade = f"GET {PUBLIC} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n"
    assert (await said(rig, upgrade.encode())).refusal == 403


TOO_MUCH = {
    "many headers": (request("GET", PUBLIC, *(f"x-{n}: 1" for n in range(101))), 431),
    "a long header": (request("GET", PUBLIC, f"x-long: {'a' * 40_000}"), 431),
    "a long target": (request("GET", f"{PUBLIC}?{'a' * 40_000}"), 431),
    "a long method": (request("A" * 40_000, PUBLIC), 431),
    "a body in chunks": (request("POST", PUBLIC, CHUNKED, body=f"{MIB + 1:x}\r\n{'a' * (MIB + 1)}"), 413),
    "a body where only streams are": (
        request("POST", "/api/v1/orders/7/events", CHUNKED, body=f"{MIB + 1:x}\r\n{'a' * (MIB + 1)}"),
        413,
    ),
}


@pytest.mark.parametrize("kind", TOO_MUCH)
async def test_too_much_is_refused(rig: Rig, kind: str) -> None:
    data, status = TOO_MUCH[kind]
    assert (await said(rig, data)).refusal == status


SLOW = {
    "headers": f"GET {PUBLIC} HTTP/1.1\r\nHost: a\r\nx-a: ".encode(),
    "a body": f"POST {PUBLIC} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello".encode(),
    "chunks": f"POST {PUBLIC} HTTP/1.1\r\nHost: a\r\n{CHUNKED}\r\n\r\n5\r\nhel".encode(),
}


@pytest.mark.parametrize("kind", SLOW)
async def test_who_does_not_finish_is_not_waited_for(rig: Rig, kind: str) -> None:
    assert (await said(rig, SLOW[kind])).refusal == 408


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


async def test_broken_requests_over_http2_end_their_streams_and_go_no_further(rig: Rig) -> None:
    before = rig.gateway.requests
    # Envoy takes a second to close a connection, so they go side by side.
    heard = await asyncio.gather(*(frames.heard(rig.address, broken) for broken in BROKEN.values()))
    ended = {kind: found.given_up or 1 in found.resets for kind, found in zip(BROKEN, heard, strict=True)}
    assert ended == dict.fromkeys(BROKEN, True)
    assert rig.gateway.requests == before


OVER_HTTP2 = {
    "another method": (frames.asked("FOO", PUBLIC), 405),
    "trace": (frames.asked("TRACE", PUBLIC), 405),
    "a detour": (frames.asked("GET", "/api/../metrics"), 404),
    "an escaped slash": (frames.asked("GET", "/api/%2fmetrics"), 400),
}


@pytest.mark.parametrize("kind", OVER_HTTP2)
async def test_what_is_refused_is_refused_over_http2_too(rig: Rig, kind: str) -> None:
    data, status = OVER_HTTP2[kind]
    before = rig.gateway.requests
    document = (await frames.heard(rig.address, data)).document(1)
    assert document is not None
    assert document["status"] == status
    assert document["type"].startswith("urn:portico:problem:")
    assert rig.gateway.requests == before


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
    rig: Rig,
) -> None:
    before = rig.gateway.requests
    floods = [asyncio.create_task(frames.heard(rig.address, flood, stream=LAST)) for flood in FLOODS.values()]
    assert await answered(rig.http, PUBLIC, "gw")
    ended = {kind: await flood for kind, flood in zip(FLOODS, floods, strict=True)}
    assert {kind: heard.given_up or LAST in heard.resets for kind, heard in ended.items()} == dict.fromkeys(
        FLOODS, True
    )
    assert rig.gateway.requests - before < 100
