"""Requests that are made to be misunderstood, to cost much, or to pass for somebody else's."""

from dataclasses import dataclass

import pytest

from tests.discovery.raw import Reply, replies, request
from tests.discovery.rig import Rig
from tests.discovery.traffic import PUBLIC

MIB = 1024 * 1024


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


async def said(attacked: Rig, data: bytes) -> Outcome:
    """Send bytes and see what becomes of them."""
    before = attacked.gateway.requests
    heard = await replies(attacked.address, data)
    return Outcome(heard, attacked.gateway.requests - before)


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
async def test_a_body_whose_end_is_a_matter_of_opinion_is_refused(attacked: Rig, kind: str) -> None:
    assert (await said(attacked, AMBIGUOUS[kind])).refusal == 400


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
async def test_what_is_not_well_formed_is_refused(attacked: Rig, kind: str) -> None:
    assert (await said(attacked, MALFORMED[kind])).refusal == 400


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0"])
async def test_another_version_is_refused(attacked: Rig, version: str) -> None:
    assert (await said(attacked, request("GET", PUBLIC, version=version))).refusal == 426


LENIENT = {
    "lines that end with a line feed": f"GET {PUBLIC} HTTP/1.1\nHost: a\nx-a: b\nConnection: close\n\n".encode(),
    "a value on two lines": request("GET", PUBLIC, "x-a: b", " x-smuggled: c"),
    "a carriage return in a value": request("GET", PUBLIC, "x-a: b\rx-smuggled: c"),
    "trailers": request("GET", PUBLIC, CHUNKED, body="0\r\nx-smuggled: c\r\n\r\n"),
}


@pytest.mark.parametrize("kind", LENIENT)
async def test_what_is_read_with_leniency_arrives_as_strict_readers_write_it(
    attacked: Rig, kind: str
) -> None:
    arrived = (await said(attacked, LENIENT[kind])).arrived
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
async def test_no_detour_leads_to_what_is_not_public(attacked: Rig, target: str) -> None:
    assert (await said(attacked, request("GET", target))).refusal == 404


@pytest.mark.parametrize("target", REFUSED)
async def test_a_target_that_hides_what_it_means_is_refused(attacked: Rig, target: str) -> None:
    assert (await said(attacked, request("GET", target))).refusal == 400


@pytest.mark.parametrize("target", NORMALISED)
async def test_a_target_arrives_as_it_was_judged(attacked: Rig, target: str) -> None:
    assert (await said(attacked, request("GET", target))).arrived["path"] == NORMALISED[target]


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
async def test_nothing_is_believed_that_a_client_says_about_itself(attacked: Rig, name: str) -> None:
    arrived = (await said(attacked, request("GET", PUBLIC, f"{name}: {CLAIMS[name]}"))).arrived
    assert isinstance(arrived["headers"], dict)
    assert CLAIMS[name] not in arrived["headers"].get(name, "")


@pytest.mark.parametrize("name", ["x_forwarded_for", "x_portico_user", "content_length", "x-portico_roles"])
async def test_a_name_that_others_take_for_another_is_refused(attacked: Rig, name: str) -> None:
    assert (await said(attacked, request("GET", PUBLIC, f"{name}: 1"))).refusal == 400


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "LOCK", "PURGE"])
async def test_a_method_of_no_use_here_is_refused(attacked: Rig, method: str) -> None:
    outcome = await said(attacked, request(method, PUBLIC))
    assert outcome.refusal == 405
    assert "GET" in outcome.replies[0].headers["allow"]


@pytest.mark.parametrize("method", ["FOO", "get", "", "GE T", "G(T"])
async def test_a_method_that_is_none_is_refused(attacked: Rig, method: str) -> None:
    assert (await said(attacked, request(method, PUBLIC))).refusal == 400


async def test_the_edge_is_nobodys_proxy(attacked: Rig) -> None:
    connect = b"CONNECT 127.0.0.1:9901 HTTP/1.1\r\nHost: 127.0.0.1:9901\r\n\r\n"
    assert (await said(attacked, connect)).refusal == 403


@pytest.mark.parametrize("protocol", ["websocket", "spdy"])
async def test_where_no_websocket_is_none_is_opened(attacked: Rig, protocol: str) -> None:
    upgrade = f"GET {PUBLIC} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n"
    assert (await said(attacked, upgrade.encode())).refusal == 403


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
async def test_too_much_is_refused(attacked: Rig, kind: str) -> None:
    data, status = TOO_MUCH[kind]
    assert (await said(attacked, data)).refusal == status


SLOW = {
    "headers": f"GET {PUBLIC} HTTP/1.1\r\nHost: a\r\nx-a: ".encode(),
    "a body": f"POST {PUBLIC} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello".encode(),
    "chunks": f"POST {PUBLIC} HTTP/1.1\r\nHost: a\r\n{CHUNKED}\r\n\r\n5\r\nhel".encode(),
}


@pytest.mark.parametrize("kind", SLOW)
async def test_who_does_not_finish_is_not_waited_for(attacked: Rig, kind: str) -> None:
    assert (await said(attacked, SLOW[kind])).refusal == 408
